/** The config of the vault for workerd, as Cap'n Proto text. Constants are in keystore.capnp. */

export interface VaultConfig {
  /** Bindings of text, by name. */
  texts: Record<string, string>;
  /** Where to listen, each as `address:port`. */
  addresses: string[];
  /** A certificate chain and its key, as PEM. */
  tls: { cert: string; key: string } | undefined;
  /** The file for checkpoints, as an absolute path; null if there is none. */
  pinFile: string | null;
}

/** The control socket is named `control`, the others `vault0`, `vault1`: by these names the runtime reports their ports. */
export const vaultConfig = ({ texts, addresses, tls, pinFile }: VaultConfig): string => {
  const style =
    tls === undefined
      ? 'tcp = ()'
      : `tcp = (tlsOptions = (keypair = (certificateChain = ${quote(tls.cert)}, privateKey = ${quote(tls.key)}), minVersion = tls1Dot2))`;
  const pins =
    pinFile === null
      ? ['', '']
      : [
          `\n  (name = "pins", disk = (path = ${quote(pinFile.slice(0, pinFile.lastIndexOf('/')) || '/')}, writable = true)),`,
          `\n      (name = "PINS", service = "pins"), (name = "PIN_FILE", text = ${quote(pinFile)}),`,
        ];
  return `using Workerd = import "/workerd/workerd.capnp";
using Keystore = import "/keystore.capnp";
const config :Workerd.Config = (v8Flags = Keystore.v8Flags, services = [
  (name = "disk", disk = (path = "/nowhere", writable = true)),
  (name = "nothing", network = (allow = [])),
  (name = "hasher", external = (address = "unix:/nowhere", http = ())),${pins[0]}
  (name = "vault", worker = (modules = Keystore.modules, compatibilityDate = Keystore.compatibilityDate,
    durableObjectNamespaces = Keystore.objects, durableObjectStorage = (localDisk = "disk"), globalOutbound = "nothing",
    bindings = [(name = "DATABASE", durableObjectNamespace = "VaultDatabase"), (name = "LOCK", durableObjectNamespace = "FolderLock"),
      (name = "DISK", service = "disk"), (name = "HASHER", service = "hasher"),${pins[1]}
${Object.entries(texts)
  .map(([name, text]) => `      (name = ${quote(name)}, text = ${quote(text)}),`)
  .join('\n')}
    ]))], sockets = [
  (name = "control", address = "127.0.0.1:0", tcp = (), service = (name = "vault", entrypoint = "control")),
${addresses.map((address, index) => `  (name = "vault${index}", address = ${quote(address)}, ${style}, service = "vault"),`).join('\n')}
]);
`;
};

/** A text literal of Cap'n Proto: control characters, quotes and backslashes as `\xHH`, everything else as UTF-8. */
const quote = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be escaped.
  `"${text.replace(/[\x00-\x1f"\\\x7f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
