import { closeSync, openSync, readSync } from 'node:fs';

const PROCESSORS: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };

// Where the loader of a dynamic program is named: in its first page.
const BYTES_WITH_LOADER = 4096;

/** The platform as our packages call it, such as `x86_64-linux-gnu`. */
export function platformName(): string {
  const processor = PROCESSORS[process.arch] ?? process.arch;
  if (process.platform !== 'linux') {
    return `${processor}-${process.platform}`;
  }
  return `${processor}-linux-${usesMusl() ? 'musl' : 'gnu'}`;
}

function usesMusl(): boolean {
  try {
    const file = openSync('/proc/self/exe', 'r');
    try {
      const start = Buffer.alloc(BYTES_WITH_LOADER);
      readSync(file, start, 0, BYTES_WITH_LOADER, 0);
      return start.includes('/ld-musl-');
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}

/** What to do about a file that is there and does not load. */
export function advice(loaderSays: string): string {
  if (loaderSays.includes('GLIBC_')) {
    return "; this glibc is older than the library needs: take a package's, for glibc 2.17, or build it here";
  }
  if (loaderSays.includes('Permission denied')) {
    return '';
  }
  return `; this is ${platformName()}, and needs the package for it, not for another processor or C library`;
}
