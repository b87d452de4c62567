package relay

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Checkout names the environment variable with the folder of the Relay Proxy's source; a relative path begins in this repository's root.
const Checkout = "LAUNCHDARKLY_RELAY"

// The module that is replaced.
const storeModule = "github.com/launchdarkly/go-server-sdk-dynamodb/v4"

// A Build is one way to build the Relay Proxy.
type Build struct {
	Name string
	// Replaced says whether go.mod has the replace line of docs/relay.md.
	Replaced bool
	// StoreOptions is what the store is given in the one line that docs/relay.md changes, as Go; "" leaves it.
	StoreOptions string

	once     sync.Once
	checkout string
	flags    []string
	program  string
	err      error
}

// The two that are compared, and one with an option.
var (
	Official = &Build{Name: "official"}
	Ours     = &Build{Name: "ours", Replaced: true}

	OursWithInitTimeout = &Build{
		Name: "ours-with-init-timeout", Replaced: true,
		StoreOptions: "InitTimeout: lddynamostore.Value(2 * time.Second)",
	}
)

// Program gives the built program. The test is skipped where no checkout is named.
func (b *Build) Program(t testing.TB) string {
	t.Helper()
	checkout := os.Getenv(Checkout)
	if checkout == "" {
		t.Skipf("%s is not set: it names a checkout of https://github.com/launchdarkly/ld-relay", Checkout)
	}
	if !filepath.IsAbs(checkout) {
		checkout = filepath.Join(repository(), checkout)
	}
	b.once.Do(func() {
		b.checkout = checkout
		b.program, b.err = b.build()
	})
	if b.err != nil {
		t.Fatal(b.err)
	}
	return b.program
}

// build leaves the checkout as it is: go takes a go.mod from elsewhere, and knows itself what has to be built again.
func (b *Build) build() (string, error) {
	folder := filepath.Join(repository(), "target", "relay")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	module := filepath.Join(folder, b.Name+".mod")
	for ending, source := range map[string]string{".mod": "go.mod", ".sum": "go.sum"} {
		if err := copyFile(filepath.Join(b.checkout, source), filepath.Join(folder, b.Name+ending)); err != nil {
			return "", fmt.Errorf("%s names no checkout of the Relay Proxy: %w", Checkout, err)
		}
	}
	if b.Replaced {
		store := filepath.Join(repository(), "bindings", "go")
		if err := run(folder, "go", "mod", "edit", "-replace="+storeModule+"="+store, module); err != nil {
			return "", err
		}
	}
	b.flags = []string{"-modfile=" + module, "-mod=mod", "-buildvcs=false"}
	if b.StoreOptions != "" {
		overlay, err := b.overlay(folder)
		if err != nil {
			return "", err
		}
		b.flags = append(b.flags, "-overlay="+overlay)
	}
	program := filepath.Join(folder, b.Name)
	return program, b.run("build", "-o", program, ".")
}

// overlay names a file that shows go another source in the place of the one that makes the stores.
func (b *Build) overlay(folder string) (string, error) {
	original := filepath.Join(b.checkout, "internal", "sdks", "data_stores.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	const call, imports = "builder.ClientConfig(config, options...)", "import (\n"
	if strings.Count(string(text), call) != 1 || strings.Count(string(text), imports) != 1 {
		return "", fmt.Errorf("%s has changed: see whether docs/relay.md is still right", original)
	}
	changed := strings.NewReplacer(
		call, call+".StoreOptions(lddynamostore.Options{"+b.StoreOptions+"})",
		imports, imports+"\t\"time\"\n\t\""+storeModule+"/lddynamostore\"\n",
	).Replace(string(text))
	source, overlay := filepath.Join(folder, b.Name+".go"), filepath.Join(folder, b.Name+".json")
	if err := os.WriteFile(source, []byte(changed), 0o644); err != nil {
		return "", err
	}
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{original: source}})
	if err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, replaced, 0o644)
}

// run runs go in the checkout with what makes this build.
func (b *Build) run(command string, arguments ...string) error {
	return run(b.checkout, "go", append(append([]string{command}, b.flags...), arguments...)...)
}

func repository() string {
	folder, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		panic(err)
	}
	return folder
}

func run(folder, program string, arguments ...string) error {
	command := exec.Command(program, arguments...)
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, output)
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return target.Close()
}
