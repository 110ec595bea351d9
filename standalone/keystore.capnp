# The standalone vault, as constants: the launcher writes the config that uses them, with addresses and secrets.
@0xb3a5c1d7e9f20468;
using Workerd = import "/workerd/workerd.capnp";

const modules :List(Workerd.Worker.Module) = [
  (name = "keystore.js", esModule = embed "keystore.js"),
  (name = "worker.js", esModule = embed "worker.js"),
];

const objects :List(Workerd.Worker.DurableObjectNamespace) = [
  # The name under which miniflare keeps D1 databases: this is the same file.
  (className = "VaultDatabase", uniqueKey = "miniflare-D1DatabaseObject", enableSql = true, preventEviction = true),
  (className = "FolderLock", uniqueKey = "standalone.lock", enableSql = true, preventEviction = true),
];

const compatibilityDate :Text = "@COMPATIBILITY_DATE@";

const databaseId :Text = "@DATABASE_ID@";

# A vault is small: a young generation that stays small keeps the whole process below 256 MB under load.
const v8Flags :List(Text) = ["--max-semi-space-size=4"];
