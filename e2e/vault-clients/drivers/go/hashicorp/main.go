// Command hashicorp is the driver of github.com/hashicorp/vault/api.
package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/auth/approle"
	"github.com/hashicorp/vault/api/auth/userpass"

	"keystore.test/vault-clients/verbs"
)

type data = map[string]any

var config = verbs.Read()

func open() *api.Client {
	settings := api.DefaultConfig()
	settings.Address = config.Address
	settings.MaxRetries = 0
	client := verbs.Must(api.NewClient(settings))
	client.ClearToken()
	return client
}

func login(client *api.Client, roleID, secretID string) error {
	method, err := approle.NewAppRoleAuth(roleID, &approle.SecretID{FromString: secretID})
	if err != nil {
		return err
	}
	_, err = client.Auth().Login(context.Background(), method)
	return err
}

func status(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, api.ErrSecretNotFound) {
		return 404
	}
	var answered *api.ResponseError
	if errors.As(err, &answered) {
		return answered.StatusCode
	}
	panic(err)
}

func main() {
	ctx := context.Background()
	client := open()
	kv := client.KVv2("secret")
	path := config.Base + "/" + strings.ToUpper("hashicorp")
	folder := config.Base + "/hashicorp-folder"

	verbs.Run("login", func() {
		verbs.Succeed(login(client, config.RoleID, config.SecretID))
		verbs.True(client.Token() != "", "it has a token")
	})
	verbs.Run("login as a user", func() {
		other := open()
		method := verbs.Must(userpass.NewUserpassAuth(config.Username, &userpass.Password{FromString: config.Password}))
		found := verbs.Must(other.Auth().Login(ctx, method))
		verbs.Equal(found.Auth.ClientToken, other.Token())
		verbs.Must(other.Auth().Token().LookupSelf())
		verbs.Equal(status(login(open(), config.RoleID, "wrong")), 400)
	})
	verbs.Run("write", func() {
		verbs.Equal(verbs.Must(kv.Put(ctx, path, data{"value": "one"})).VersionMetadata.Version, 1)
		verbs.Equal(verbs.Must(kv.Put(ctx, path, data{"value": "two"})).VersionMetadata.Version, 2)
	})
	verbs.Run("read", func() {
		found := verbs.Must(kv.Get(ctx, path))
		verbs.Equal(found.Data, data{"value": "two"})
		verbs.Equal(found.VersionMetadata.Version, 2)
		_, err := kv.Get(ctx, config.Base+"/NONE")
		verbs.Equal(status(err), 404)
	})
	verbs.Run("read a version", func() {
		verbs.Equal(verbs.Must(kv.GetVersion(ctx, path, 1)).Data, data{"value": "one"})
		verbs.Equal(len(verbs.Must(kv.GetVersionsAsList(ctx, path))), 2)
	})
	verbs.Run("write a folder", func() {
		verbs.Must(kv.Put(ctx, folder, data{"STRIPE": "s", "OPENAI": "o"}))
		verbs.Equal(verbs.Must(kv.Get(ctx, folder)).Data, data{"STRIPE": "s", "OPENAI": "o"})
	})
	verbs.Run("cas conflict", func() {
		for _, cas := range []int{0, 1} {
			_, err := kv.Put(ctx, path, data{"value": "x"}, api.WithCheckAndSet(cas))
			verbs.Equal(status(err), 400)
		}
		verbs.Equal(verbs.Must(kv.Put(ctx, path, data{"value": "three"}, api.WithCheckAndSet(2))).VersionMetadata.Version, 3)
	})
	verbs.Run("patch", func() {
		verbs.Must(kv.Patch(ctx, path, data{"value": "four"}))
		verbs.Equal(verbs.Must(kv.Get(ctx, path)).Data, data{"value": "four"})
		// This reads, merges, and writes with the version that it has read, which a folder does not have.
		_, err := kv.Patch(ctx, folder, data{"OPENAI": "p"}, api.WithMergeMethod("rw"))
		verbs.True(err != nil && strings.Contains(err.Error(), "Code: 400"), "it is refused")
		verbs.Must(kv.Patch(ctx, folder, data{"OPENAI": "q"}, api.WithMergeMethod("patch")))
		verbs.Equal(verbs.Must(kv.Get(ctx, folder)).Data, data{"STRIPE": "s", "OPENAI": "q"})
	})
	verbs.Run("metadata", func() {
		verbs.Succeed(kv.PutMetadata(ctx, path, api.KVMetadataPutInput{CustomMetadata: data{"team": "shop"}}))
		found := verbs.Must(kv.GetMetadata(ctx, path))
		verbs.Equal(found.CustomMetadata["team"], any("shop"))
		verbs.Equal(found.CurrentVersion, 4)
		verbs.Succeed(kv.PatchMetadata(ctx, path, api.KVMetadataPatchInput{CustomMetadata: data{"tier": "1"}}))
		found = verbs.Must(kv.GetMetadata(ctx, path))
		verbs.Equal(found.CustomMetadata["team"], any("shop"))
		verbs.Equal(found.CustomMetadata["tier"], any("1"))
	})
	verbs.Run("list", func() {
		found := verbs.Must(client.Logical().List("secret/metadata/" + config.Base))
		names := found.Data["keys"].([]any)
		is := false
		for _, name := range names {
			is = is || config.Base+"/"+name.(string) == path
		}
		verbs.True(is, "the key is listed")
		none := verbs.Must(client.Logical().List("secret/metadata/" + config.Base + "/none"))
		verbs.True(none == nil, "nothing is found where nothing is")
	})
	verbs.Run("delete", func() {
		verbs.Succeed(kv.Delete(ctx, path))
		// The client reads the metadata of a deleted version out of the 404.
		found := verbs.Must(kv.Get(ctx, path))
		verbs.True(found.Data == nil, "there is no value")
		verbs.True(!found.VersionMetadata.DeletionTime.IsZero(), "there is a time of deletion")
	})
	verbs.Run("undelete", func() {
		verbs.Succeed(kv.Undelete(ctx, path, []int{4}))
		verbs.Equal(verbs.Must(kv.Get(ctx, path)).Data, data{"value": "four"})
		verbs.Succeed(kv.DeleteVersions(ctx, path, []int{4}))
		verbs.True(verbs.Must(kv.Get(ctx, path)).Data == nil, "there is no value")
		verbs.Succeed(kv.Undelete(ctx, path, []int{4}))
	})
	verbs.Run("destroy", func() {
		verbs.Succeed(kv.Destroy(ctx, path, []int{1}))
		found := verbs.Must(kv.GetVersion(ctx, path, 1))
		verbs.True(found.Data == nil && found.VersionMetadata.Destroyed, "the version is destroyed")
		verbs.Equal(verbs.Must(kv.Get(ctx, path)).Data, data{"value": "four"})
	})
	verbs.Run("delete all", func() {
		verbs.Succeed(kv.DeleteMetadata(ctx, path))
		_, err := kv.GetMetadata(ctx, path)
		verbs.Equal(status(err), 404)
	})
	verbs.Run("lookup", func() {
		found := verbs.Must(client.Auth().Token().LookupSelf())
		left := verbs.Must(found.TokenTTL())
		verbs.True(left > 0 && left <= 24*time.Hour, "it has a lifetime")
		verbs.Must(found.TokenPolicies())
		verbs.Must(found.TokenIsRenewable())
		verbs.True(verbs.Must(found.TokenAccessor()) != "", "it has an accessor")
	})
	verbs.Run("renew", func() {
		found := verbs.Must(client.Auth().Token().RenewSelf(600))
		verbs.Equal(found.Auth.ClientToken, client.Token())
		verbs.True(found.Auth.LeaseDuration > 0, "it has a lifetime")
		// What long-running programs use.
		watcher := verbs.Must(client.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: found}))
		go watcher.Start()
		defer watcher.Stop()
		select {
		case err := <-watcher.DoneCh():
			verbs.Succeed(err)
			panic("the watcher has ended")
		case <-watcher.RenewCh():
		case <-time.After(10 * time.Second):
			panic("the watcher has not renewed")
		}
	})
	verbs.Run("create a token", func() {
		made := verbs.Must(client.Auth().Token().Create(&api.TokenCreateRequest{TTL: "60s"}))
		verbs.Equal(made.Auth.LeaseDuration, 60)
		child := open()
		child.SetToken(made.Auth.ClientToken)
		verbs.Must(child.KVv2("secret").Get(ctx, folder))
	})
	verbs.Run("revoke", func() {
		ended := open()
		verbs.Succeed(login(ended, config.RoleID, config.SecretID))
		verbs.Succeed(ended.Auth().Token().RevokeSelf(""))
		_, err := ended.Auth().Token().LookupSelf()
		verbs.Equal(status(err), 403)
		verbs.Must(client.Auth().Token().LookupSelf())
	})
	verbs.Run("refused read", func() {
		for _, each := range []string{config.Outside, config.Outside + "-none"} {
			_, err := kv.Get(ctx, each)
			verbs.Equal(status(err), 403)
		}
		reader := open()
		verbs.Succeed(login(reader, config.ReaderRoleID, config.ReaderSecretID))
		verbs.Must(reader.KVv2("secret").Get(ctx, folder))
		_, err := reader.KVv2("secret").Put(ctx, path, data{"value": "x"})
		verbs.Equal(status(err), 403)
		none := open()
		none.SetToken("ks_none")
		_, err = none.KVv2("secret").Get(ctx, path)
		verbs.Equal(status(err), 403)
	})
	verbs.Run("health", func() {
		health := verbs.Must(client.Sys().Health())
		verbs.Equal([]bool{health.Initialized, health.Sealed}, []bool{true, false})
		verbs.Equal(verbs.Must(client.Sys().SealStatus()).Sealed, false)
	})
}
