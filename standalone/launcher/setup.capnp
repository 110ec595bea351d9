# The first, short run of the runtime: setup.ts reads settings and files, and writes the config of the vault.
@0x9d1f6a27c40be853;
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (services = [
  (name = "disk", disk = (path = "/", allowDotfiles = true)),
  # Replaced by the run folder of this start.
  (name = "run", disk = (path = "/nowhere", writable = true)),
  (name = "nothing", network = (allow = [])),
  (name = "setup", worker = (modules = [(name = "setup.js", esModule = embed "setup.js")],
    compatibilityDate = "@COMPATIBILITY_DATE@", globalOutbound = "nothing", bindings = [
      (name = "DISK", service = "disk"),
      (name = "RUN", service = "run"),
@ENVIRONMENT@
    ])),
]);
