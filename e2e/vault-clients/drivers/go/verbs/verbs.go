// Package verbs has what the drivers in Go share: where the vault is, and how the outcome of a verb is told.
package verbs

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
)

// Config says where the vault is, and who may do what there.
type Config struct {
	Address        string
	Base           string
	Outside        string
	RoleID         string
	SecretID       string
	ReaderRoleID   string
	ReaderSecretID string
	Username       string
	Password       string
}

// Read reads the configuration from the environment.
func Read() Config {
	var config Config
	if err := json.Unmarshal([]byte(os.Getenv("CLIENT_CONFIG")), &config); err != nil {
		panic(err)
	}
	return config
}

// Run runs a verb, and tells whether it succeeded.
func Run(name string, do func()) {
	result, note := "ok", ""
	func() {
		defer func() {
			if err := recover(); err != nil {
				result, note = "failed", fmt.Sprint(err)
			}
		}()
		do()
	}()
	line, _ := json.Marshal(map[string]string{"verb": name, "result": result, "note": note})
	fmt.Println(string(line))
}

// Must returns a value, or fails.
func Must[T any](value T, err error) T {
	Succeed(err)
	return value
}

// Succeed fails if there is an error.
func Succeed(err error) {
	if err != nil {
		panic(err)
	}
}

// Equal fails unless both are the same.
func Equal(found, expected any) {
	if !reflect.DeepEqual(found, expected) {
		panic(fmt.Sprintf("%#v is not %#v", found, expected))
	}
}

// True fails unless it is.
func True(is bool, what string) {
	if !is {
		panic("not so: " + what)
	}
}
