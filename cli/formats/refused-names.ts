/**
 * Names of environment variables that let somebody who can change a key run code on the machines that read it, or intercept their
 * traffic: settings of loaders, interpreters and shells, search paths, certificates and proxies.
 */

/** Whole families, by how their names begin. */
const families = [
  'LD_', // ld.so(8)
  'DYLD_', // dyld(1)
  '_RLD',
  'BASH_FUNC_',
  'GIT_CONFIG',
  'GIT_SSL_',
  'GLIBC_TUNABLES',
  'KEYSTORE_',
  'MALLOC_',
  'NPM_CONFIG_',
  'npm_',
  'PIP_',
];

const names = new Set(
  [
    // Where programs and files are found.
    'LD_PRELOAD PATH CDPATH HOME SHELL TMPDIR TMP TEMP TERMINFO TERMCAP',
    // Shells: what they read at their start, and at each prompt or trace.
    'ENV IFS BASH_ENV PS0 PS1 PS2 PS4 PROMPT_COMMAND SHELLOPTS BASHOPTS FPATH ZDOTDIR fish_function_path',
    // Interpreters and virtual machines.
    'NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONINSPECT PYTHONUSERBASE',
    'PYTHONEXECUTABLE PYTHONWARNINGS PYTHONBREAKPOINT PYTHONPLATLIBDIR PYTHONPYCACHEPREFIX PERL5LIB PERL5OPT PERL5DB PERLLIB',
    'RUBYOPT RUBYLIB GEM_PATH GEM_HOME BUNDLE_GEMFILE LUA_INIT LUA_PATH LUA_CPATH PHPRC PHP_INI_SCAN_DIR TCLLIBPATH',
    'ERL_AFLAGS ERL_FLAGS ERL_ZFLAGS JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS CLASSPATH MAVEN_OPTS',
    'GRADLE_OPTS DOTNET_STARTUP_HOOKS COR_ENABLE_PROFILING COR_PROFILER COR_PROFILER_PATH CORECLR_ENABLE_PROFILING',
    'CORECLR_PROFILER CORECLR_PROFILER_PATH R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER JULIA_LOAD_PATH GOFLAGS',
    'RUSTC_WRAPPER CARGO_HOME MAKEFLAGS GCONV_PATH LOCPATH NLSPATH HOSTALIASES RES_OPTIONS GETCONF_DIR OPENSSL_CONF',
    'OPENSSL_ENGINES OPENSSL_MODULES QT_PLUGIN_PATH GTK_MODULES GIO_EXTRA_MODULES',
    // Programs that others start.
    'EDITOR VISUAL PAGER MANPAGER BROWSER LESSOPEN LESSCLOSE SUDO_ASKPASS SSH_ASKPASS SSH_AUTH_SOCK GIT_SSH GIT_SSH_COMMAND',
    'GIT_ASKPASS GIT_EXEC_PATH GIT_PROXY_COMMAND GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_PAGER GIT_EXTERNAL_DIFF',
    'GIT_TEMPLATE_DIR GIT_DIR GIT_WORK_TREE',
    // Whom programs trust, and through whom they talk.
    'NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE CURL_CA_BUNDLE',
    'REQUESTS_CA_BUNDLE AWS_CA_BUNDLE http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY ftp_proxy FTP_PROXY',
    'no_proxy NO_PROXY DOCKER_HOST KUBECONFIG',
  ].flatMap((line) => line.split(' ')),
);

/** Whether a variable of this name must be asked for. */
export function isRefusedName(variable: string): boolean {
  return names.has(variable) || families.some((family) => variable.startsWith(family));
}
