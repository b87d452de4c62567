package lddynamodb

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const official = "github.com/launchdarkly/go-server-sdk-dynamodb/v4@v4.0.0"

// differences are ours on purpose: the official method lacks its argument, so that the SDK does not find it.
var differences = map[string]string{
	"func (*StoreBuilder[T]) DescribeConfiguration() (ldvalue.Value)": "func (*StoreBuilder[T]) DescribeConfiguration(subsystems.ClientContext) (ldvalue.Value)",
}

func TestTheExportedNamesAreTheOfficialOnes(t *testing.T) {
	download := exec.Command("go", "mod", "download", "-json", official)
	// In a module, its own replacement or go.sum would count.
	download.Dir = t.TempDir()
	output, err := download.Output()
	require.NoError(t, err, "%s cannot be had from the Go module proxy: %s", official, output)
	var module struct{ Dir string }
	require.NoError(t, json.Unmarshal(output, &module))

	theirs, ours := exported(t, module.Dir), exported(t, ".")
	require.Len(t, theirs, 9)
	for declaration := range theirs {
		if expected, isKnown := differences[declaration]; isKnown {
			declaration = expected
		}
		assert.True(t, ours[declaration], declaration)
	}
}

// exported are a package's exported functions, methods and types, without the names of parameters.
func exported(t *testing.T, folder string) map[string]bool {
	files := token.NewFileSet()
	packages, err := parser.ParseDir(files, folder, func(file fs.FileInfo) bool { return !strings.HasSuffix(file.Name(), "_test.go") }, 0)
	require.NoError(t, err)
	declarations := map[string]bool{}
	for _, file := range packages["lddynamodb"].Files {
		for _, declaration := range file.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				if declaration.Name.IsExported() && ast.IsExported(receiver(t, declaration)) {
					declarations[signature(t, declaration)] = true
				}
			case *ast.GenDecl:
				for _, spec := range declaration.Specs {
					if named, isType := spec.(*ast.TypeSpec); isType && named.Name.IsExported() {
						declarations["type "+named.Name.Name+parameters(t, named.TypeParams)] = true
					}
				}
			}
		}
	}
	return declarations
}

// receiver is the name of a method's type; that of a function counts as exported.
func receiver(t *testing.T, function *ast.FuncDecl) string {
	if function.Recv == nil {
		return "Function"
	}
	return strings.TrimPrefix(text(t, function.Recv.List[0].Type), "*")
}

func signature(t *testing.T, function *ast.FuncDecl) string {
	receiver := ""
	if function.Recv != nil {
		receiver = "(" + text(t, function.Recv.List[0].Type) + ") "
	}
	return "func " + receiver + function.Name.Name + "(" + typesOf(t, function.Type.Params) + ") (" + typesOf(t, function.Type.Results) + ")"
}

func typesOf(t *testing.T, list *ast.FieldList) string {
	var all []string
	if list != nil {
		for _, field := range list.List {
			for range append(field.Names, nil)[:max(1, len(field.Names))] {
				all = append(all, text(t, field.Type))
			}
		}
	}
	return strings.Join(all, ", ")
}

func parameters(t *testing.T, list *ast.FieldList) string {
	if list == nil {
		return ""
	}
	return "[" + typesOf(t, list) + "]"
}

func text(t *testing.T, node ast.Node) string {
	var buffer bytes.Buffer
	require.NoError(t, printer.Fprint(&buffer, token.NewFileSet(), node))
	return buffer.String()
}

func TestTheModulesNameIsTheOfficialOne(t *testing.T) {
	file, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	// So that a user's go.mod needs one line, and no other version of Go than the SDK's.
	assert.Regexp(t, regexp.MustCompile(`(?m)\Amodule github.com/launchdarkly/go-server-sdk-dynamodb/v4$`), string(file))
	assert.Regexp(t, regexp.MustCompile(`(?m)^go 1\.21$`), string(file))
}
