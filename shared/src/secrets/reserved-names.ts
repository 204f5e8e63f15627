/**
 * Names by which a secret could change how the program that reads it runs, or HQ itself. SQL has the same lists
 * (`hq.secret_name_fault`); a test compares the two.
 */
export const reservedPrefixes: readonly string[] = [
  // HQ's own settings and keys.
  'SUPABASE_',
  'HOSTED_',
  'HQ_',
  'OPENCLAW_',
  // The dynamic linker and the C library.
  'LD_',
  'DYLD_',
  'GLIBC_',
  'MALLOC_',
  // Paths of programs and the commands that they run.
  'XDG_',
  'BASH_',
  'NPM_CONFIG_',
  'GIT_CONFIG',
];

export const reservedNames: readonly string[] = [
  // The shell and the account.
  ...['PATH', 'HOME', 'SHELL', 'USER', 'LOGNAME', 'PWD', 'OLDPWD', 'IFS', 'ENV', 'CDPATH', 'GLOBIGNORE'],
  ...['SHELLOPTS', 'BASHOPTS', 'PS1', 'PS4', 'PROMPT_COMMAND', 'TMPDIR', 'TMP', 'TEMP', 'TERM', 'HOSTNAME'],
  // Commands that other programs start.
  ...['EDITOR', 'VISUAL', 'PAGER', 'BROWSER', 'MANPAGER', 'LESSOPEN', 'LESSCLOSE', 'SUDO_ASKPASS'],
  ...['SSH_ASKPASS', 'SSH_AUTH_SOCK', 'GIT_ASKPASS', 'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_EXEC_PATH'],
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_TEMPLATE_DIR', 'GIT_EXTERNAL_DIFF', 'GIT_EDITOR'],
  ...['GIT_SEQUENCE_EDITOR', 'GIT_PAGER', 'GIT_PROXY_COMMAND', 'DOCKER_HOST', 'DOCKER_CONFIG'],
  ...['DOCKER_CONTEXT', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY'],
  // Code that language runtimes load.
  ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_REPL_EXTERNAL_MODULE', 'NODE_EXTRA_CA_CERTS', 'NODE_ENV'],
  ...['NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_ICU_DATA', 'NODE_V8_COVERAGE', 'NODE_CHANNEL_FD'],
  ...['NODE_COMPILE_CACHE', 'NODE_REDIRECT_WARNINGS', 'NODE_USE_ENV_PROXY', 'UV_THREADPOOL_SIZE'],
  ...['PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP', 'PYTHONUSERBASE', 'PYTHONBREAKPOINT', 'PYTHONWARNINGS'],
  ...['PYTHONEXECUTABLE', 'PYTHONPYCACHEPREFIX', 'PYTHONPLATLIBDIR', 'PYTHONINSPECT'],
  ...['PERL5OPT', 'PERL5LIB', 'PERLLIB', 'PERL5DB', 'RUBYOPT', 'RUBYLIB', 'GEM_HOME', 'GEM_PATH'],
  ...['CLASSPATH', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', 'DOTNET_STARTUP_HOOKS'],
  // Certificates and proxies of network libraries.
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'OPENSSL_CONF', 'OPENSSL_MODULES', 'OPENSSL_ENGINES'],
  ...['SSLKEYLOGFILE', 'CURL_CA_BUNDLE', 'CURL_HOME', 'REQUESTS_CA_BUNDLE'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'FTP_PROXY'],
  ...['RES_OPTIONS', 'LOCALDOMAIN', 'HOSTALIASES', 'RESOLV_HOST_CONF', 'GCONV_PATH', 'LOCPATH', 'NLSPATH'],
  // The gateway's own.
  ...['GATEWAY_ID', 'GATEWAY_SLUG', 'NETWORKING_MODE', 'VNC_PASSWORD'],
];
