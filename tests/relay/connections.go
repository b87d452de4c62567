package relay

import (
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// onlyLoopback looks at the TCP and UDP connections that the process has now.
func (r *Relay) onlyLoopback() {
	r.t.Helper()
	process := fmt.Sprintf("/proc/%d", r.command.Process.Pid)
	var own []string
	files, err := filepath.Glob(process + "/fd/*")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, file := range files {
		// One that was closed in between has no name.
		name, _ := os.Readlink(file)
		if inode, isSocket := strings.CutPrefix(name, "socket:["); isSocket {
			own = append(own, strings.TrimSuffix(inode, "]"))
		}
	}
	for _, protocol := range []string{"tcp", "tcp6", "udp", "udp6"} {
		table, err := os.ReadFile(process + "/net/" + protocol)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(table), "\n")[1:] {
			fields := strings.Fields(line)
			if len(fields) < 10 || !slices.Contains(own, fields[9]) {
				continue
			}
			if other := address(fields[2]); !other.IsLoopback() && !other.IsUnspecified() {
				r.t.Errorf("the Relay Proxy has a connection to %s", other)
			}
		}
	}
}

// address reads one as the kernel prints it: words of four bytes, the last byte first.
func address(printed string) net.IP {
	digits, _, _ := strings.Cut(printed, ":")
	bytes, err := hex.DecodeString(digits)
	if err != nil {
		panic(err)
	}
	for word := 0; word < len(bytes); word += 4 {
		slices.Reverse(bytes[word : word+4])
	}
	return net.IP(bytes)
}
