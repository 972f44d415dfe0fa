/**
 * Units of systemd that allow the program as little as it can do with.
 *
 * @see https://www.freedesktop.org/software/systemd/man/252/systemd.exec.html
 *
 * @module
 */

import { publicHost, type ServiceSettings } from "./service_settings.ts";

/** What holds for every unit: nothing of the system may be changed, and little be seen. */
const hardening = `# Nothing of the system may be changed, and no right be gained.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateTmp=yes
PrivateIPC=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
UMask=0077
SystemCallArchitectures=native
# V8 keeps its machine code apart by memory protection keys, where the processor has them.
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
# MemoryDenyWriteExecute= must stay off: V8 compiles JavaScript and WebAssembly to machine code while it runs, which
# needs memory that is written first and executed then. With it, the program ends at its start.`;

/** The unit that serves the dashboard. */
export function dashboardUnit(settings: ServiceSettings): string {
  const { program, runs, user, secret, port, basePath } = settings;
  return `# Sonospeech's dashboard, behind a reverse proxy on the same machine. Copy to /etc/systemd/system/.
[Unit]
Description=Sonospeech dashboard
After=network.target

[Service]
Type=exec
User=${user}
Group=${user}
ExecStart=${quoted(program)} serve --runs ${quoted(runs)} --port ${port} --base-path ${basePath} \\
    --trust-proxy 127.0.0.1 --allow-host ${publicHost(settings)} --operator-secret %d/operator-secret
LoadCredential=operator-secret:${secret}
${common(settings)}
TimeoutStopSec=30
ProtectHome=${protectHome([program, runs])}
ReadWritePaths=${quoted(runs)}

# This machine alone is answered, and nothing else can be reached.
IPAddressDeny=any
IPAddressAllow=localhost
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SocketBindDeny=any
SocketBindAllow=tcp:${port}

# It computes nothing on a graphics card.
PrivateDevices=yes
PrivateUsers=yes

${hardening}

[Install]
WantedBy=multi-user.target
`;
}

/**
 * The unit that trains; the run's name is given at the start, as in `sonospeech-train@first`.
 *
 * @param stopSeconds How long it has for its last step and checkpoint.
 * @param remark How long was measured.
 */
export function trainingUnit(settings: ServiceSettings, stopSeconds: number, remark: string): string {
  const { program, runs, data, user } = settings;
  return `# A training of Sonospeech: systemctl start sonospeech-train@NAME makes or continues the run NAME.
# Copy to /etc/systemd/system/.
[Unit]
Description=Sonospeech training of run %i

[Service]
Type=exec
User=${user}
Group=${user}
EnvironmentFile=-${optionsFile(settings, "%i")}
ExecStart=${quoted(program)} train ${quoted(data)} --run ${quoted(`${runs}/%i`)} $TRAIN_OPTIONS
${common(settings)}
# On SIGTERM it ends its step and writes a checkpoint. ${remark}
TimeoutStopSec=${stopSeconds}
ProtectHome=${protectHome([program, runs, data])}
ReadWritePaths=${quoted(runs)}

# No network at all, not even this machine's own.
PrivateNetwork=yes
IPAddressDeny=any
RestrictAddressFamilies=AF_UNIX

# Graphics cards and nothing else: /dev/dri/* (Mesa, AMD, Intel) and /dev/nvidia*.
DevicePolicy=closed
DeviceAllow=char-drm rw
DeviceAllow=char-nvidia* rw
DeviceAllow=/dev/nvidiactl rw
DeviceAllow=/dev/nvidia0 rw
SupplementaryGroups=video render

${hardening}
`;
}

/** The file that may name a run's settings, beside the operator's secret. */
export function optionsFile({ secret }: ServiceSettings, run: string): string {
  return `${secret.replace(/\/[^/]*$/, "")}/train-${run}.env`;
}

/** How both start and end. Unpacked files, measurements and drivers' compiled shaders lie in a cache folder of the service's own. */
function common({ user }: ServiceSettings): string {
  return `Environment=SONOSPEECH_HOME=%C/${user} XDG_CACHE_HOME=%C/${user}
CacheDirectory=${user}
CacheDirectoryMode=0700
# 143 is an end by SIGTERM; with 2 to 8, another try would end the same way.
SuccessExitStatus=143
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2 3 4 5 6 7 8
KillSignal=SIGTERM`;
}

/** Homes are out of sight, unless something that the service needs lies in one. */
function protectHome(paths: readonly string[]): string {
  return paths.some((path) => /^\/(home|root|run\/user)(\/|$)/.test(path)) ? "read-only" : "yes";
}

function quoted(path: string): string {
  return path.includes(" ") ? `"${path}"` : path;
}
