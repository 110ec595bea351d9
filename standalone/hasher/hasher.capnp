# The process that hashes passwords: no network, no files, no settings.
@0xe7c41a9d52b86f30;
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (v8Flags = ["--max-semi-space-size=1"], services = [
  (name = "nothing", network = (allow = [])),
  (name = "hasher", worker = (modules = [(name = "hasher.js", esModule = embed "hasher.js")],
    compatibilityDate = "@COMPATIBILITY_DATE@", globalOutbound = "nothing")),
], sockets = [
  # The launcher gives the path.
  (name = "hasher", http = (), service = "hasher"),
]);
