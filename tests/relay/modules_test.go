package relay

import (
	"debug/buildinfo"
	"testing"
)

// Nothing but the store is replaced: the SDK and AWS's are the versions that the Relay Proxy was released with.
func TestTheOtherModulesAreThoseOfTheRelayProxy(t *testing.T) {
	official, ours := modules(t, Official), modules(t, Ours)
	for path, version := range official {
		if found, isThere := ours[path]; isThere && found != version && path != storeModule {
			t.Errorf("%s is %s, not %s", path, found, version)
		}
	}
	for path := range ours {
		if _, isThere := official[path]; !isThere {
			t.Logf("added: %s %s", path, ours[path])
		}
	}
}

// LaunchDarkly's own tests of what chooses and configures the stores.
func TestTheRelayProxysOwnTestsPass(t *testing.T) {
	Ours.Program(t)
	t.Setenv("LD_DYNAMO_STORE_LIBRARY", library())
	if err := Ours.run("test", "-count=1", "./internal/sdks/...", "./internal/relayenv/..."); err != nil {
		t.Error(err)
	}
}

func modules(t *testing.T, build *Build) map[string]string {
	t.Helper()
	information, err := buildinfo.ReadFile(build.Program(t))
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, module := range information.Deps {
		versions[module.Path] = module.Version
	}
	if versions[storeModule] == "" {
		t.Errorf("the %s Relay Proxy has no %s", build.Name, storeModule)
	}
	return versions
}
