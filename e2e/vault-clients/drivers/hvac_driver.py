"""PyPI hvac."""

import hvac
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest
from verbs import config, equal, refused, verb

base = config["base"]
path = f"{base}/HVAC"
client = hvac.Client(url=config["address"])
kv = client.secrets.kv.v2


def value(found):
    return found["data"]["data"]


@verb("login")
def _():
    client.auth.approle.login(role_id=config["roleId"], secret_id=config["secretId"])
    equal(client.is_authenticated(), True)


@verb("login as a user")
def _():
    other = hvac.Client(url=config["address"])
    found = other.auth.userpass.login(username=config["username"], password=config["password"])
    equal(other.token, found["auth"]["client_token"])
    equal(other.is_authenticated(), True)
    wrong = hvac.Client(url=config["address"])
    refused(lambda: wrong.auth.approle.login(role_id=config["roleId"], secret_id="wrong"), InvalidRequest)


@verb("write")
def _():
    written = kv.create_or_update_secret(path=path, secret={"value": "one"})
    equal(written["data"]["version"], 1)
    equal(kv.create_or_update_secret(path=path, secret={"value": "two"})["data"]["version"], 2)


@verb("read")
def _():
    found = kv.read_secret_version(path=path, raise_on_deleted_version=True)
    equal(value(found), {"value": "two"})
    equal(found["data"]["metadata"]["version"], 2)
    refused(lambda: kv.read_secret_version(path=f"{base}/NONE", raise_on_deleted_version=True), InvalidPath)


@verb("read a version")
def _():
    equal(value(kv.read_secret_version(path=path, version=1, raise_on_deleted_version=True)), {"value": "one"})


@verb("write a folder")
def _():
    kv.create_or_update_secret(path=f"{base}/hvac-folder", secret={"STRIPE": "s", "OPENAI": "o"})
    found = kv.read_secret_version(path=f"{base}/hvac-folder", raise_on_deleted_version=True)
    equal(value(found), {"STRIPE": "s", "OPENAI": "o"})


@verb("cas conflict")
def _():
    refused(lambda: kv.create_or_update_secret(path=path, secret={"value": "x"}, cas=0), InvalidRequest)
    refused(lambda: kv.create_or_update_secret(path=path, secret={"value": "x"}, cas=1), InvalidRequest)
    equal(kv.create_or_update_secret(path=path, secret={"value": "three"}, cas=2)["data"]["version"], 3)


@verb("patch")
def _():
    kv.patch(path=path, secret={"value": "four"})
    found = kv.read_secret_version(path=path, raise_on_deleted_version=True)
    equal(value(found), {"value": "four"})
    # It reads, merges, and writes with the version that it has read, which a folder does not have.
    refused(lambda: kv.patch(path=f"{base}/hvac-folder", secret={"OPENAI": "p"}), InvalidRequest)
    refused(lambda: kv.patch(path=f"{base}/NONE", secret={"value": "x"}), InvalidPath)


@verb("metadata")
def _():
    kv.update_metadata(path=path, custom_metadata={"team": "shop"})
    found = kv.read_secret_metadata(path=path)["data"]
    equal(found["custom_metadata"]["team"], "shop")
    equal(found["current_version"], 4)
    equal(sorted(found["versions"]), ["1", "2", "3", "4"])


@verb("list")
def _():
    keys = kv.list_secrets(path=base)["data"]["keys"]
    equal("HVAC" in keys, True)
    refused(lambda: kv.list_secrets(path=f"{base}/none"), InvalidPath)


@verb("delete")
def _():
    kv.delete_latest_version_of_secret(path=path)
    gone = refused(lambda: kv.read_secret_version(path=path, raise_on_deleted_version=True), InvalidPath)
    equal(bool(gone.json["data"]["metadata"]["deletion_time"]), True)
    # hvac recognises a deleted version by what the 404 has in its body.
    kept = kv.read_secret_version(path=path, raise_on_deleted_version=False)
    equal(kept["data"]["metadata"]["version"], 4)


@verb("undelete")
def _():
    kv.undelete_secret_versions(path=path, versions=[4])
    equal(value(kv.read_secret_version(path=path, raise_on_deleted_version=True)), {"value": "four"})
    kv.delete_secret_versions(path=path, versions=[4])
    refused(lambda: kv.read_secret_version(path=path, raise_on_deleted_version=True), InvalidPath)
    kv.undelete_secret_versions(path=path, versions=[4])


@verb("destroy")
def _():
    kv.destroy_secret_versions(path=path, versions=[1])
    gone = refused(lambda: kv.read_secret_version(path=path, version=1, raise_on_deleted_version=True), InvalidPath)
    equal(gone.json["data"]["metadata"]["destroyed"], True)
    equal(kv.read_secret_metadata(path=path)["data"]["versions"]["1"]["destroyed"], True)
    equal(value(kv.read_secret_version(path=path, raise_on_deleted_version=True)), {"value": "four"})


@verb("delete all")
def _():
    kv.delete_metadata_and_all_versions(path=path)
    refused(lambda: kv.read_secret_metadata(path=path), InvalidPath)


@verb("lookup")
def _():
    found = client.auth.token.lookup_self()["data"]
    equal(0 < found["ttl"] <= 24 * 3600, True)
    equal(isinstance(found["policies"], list), True)


@verb("renew")
def _():
    found = client.auth.token.renew_self()["auth"]
    equal(found["client_token"], client.token)
    equal(found["lease_duration"] > 0, True)


@verb("create a token")
def _():
    made = client.auth.token.create(ttl="60s")["auth"]
    equal(made["lease_duration"], 60)
    child = hvac.Client(url=config["address"], token=made["client_token"])
    equal(child.is_authenticated(), True)


@verb("revoke")
def _():
    ended = hvac.Client(url=config["address"])
    ended.auth.approle.login(role_id=config["roleId"], secret_id=config["secretId"])
    ended.auth.token.revoke_self()
    refused(ended.auth.token.lookup_self, Forbidden)
    # The parent, and other children, go on working.
    equal(client.is_authenticated(), True)


@verb("refused read")
def _():
    refused(lambda: kv.read_secret_version(path=config["outside"], raise_on_deleted_version=True), Forbidden)
    refused(lambda: kv.read_secret_version(path=config["outside"] + "-none", raise_on_deleted_version=True), Forbidden)
    reader = hvac.Client(url=config["address"])
    reader.auth.approle.login(role_id=config["readerRoleId"], secret_id=config["readerSecretId"])
    reader.secrets.kv.v2.read_secret_version(path=f"{base}/hvac-folder", raise_on_deleted_version=True)
    refused(lambda: reader.secrets.kv.v2.create_or_update_secret(path=path, secret={"value": "x"}), Forbidden)
    none = hvac.Client(url=config["address"], token="ks_none")
    refused(lambda: none.secrets.kv.v2.read_secret_version(path=path, raise_on_deleted_version=True), Forbidden)


@verb("health")
def _():
    equal(client.sys.is_sealed(), False)
    equal(client.sys.read_health_status(method="GET")["initialized"], True)
