/**
 * All files of a service, by name.
 *
 * @module
 */

import { type CheckpointTime, stopSeconds } from "./checkpoint_time.ts";
import { caddySnippet, nginxSnippet } from "./proxy_snippets.ts";
import { checkServiceSettings, publicHost, type ServiceSettings } from "./service_settings.ts";
import { dashboardUnit, optionsFile, trainingUnit } from "./systemd_units.ts";

/**
 * Writes out every file as text.
 *
 * @throws SonospeechError `usage` when a setting cannot be written as it is.
 */
export function serviceFiles(settings: ServiceSettings, measured: CheckpointTime): Map<string, string> {
  checkServiceSettings(settings);
  const megabytes = (measured.sizeBytes / 1e6).toFixed(0);
  const remark = `As much as the largest preset's checkpoint (2 files of ${megabytes} MB) took ` +
    `${measured.seconds.toFixed(1)} s to write and read back when this was made.`;
  return new Map([
    ["sonospeech.service", dashboardUnit(settings)],
    ["sonospeech-train@.service", trainingUnit(settings, stopSeconds(measured), remark)],
    ["nginx-sonospeech.conf", nginxSnippet(settings)],
    ["Caddyfile", caddySnippet(settings)],
    ["INSTALL.txt", installation(settings)],
  ]);
}

function installation(settings: ServiceSettings): string {
  const { program, runs, data, user, secret, basePath, certificate, key } = settings;
  const home = runs.replace(/\/[^/]*$/, "") || "/";
  return `How to install it, as root, on a machine with its distribution's ffmpeg. The packed file is made by ./run pack, or
comes with a release.

  install -m 755 sonospeech-linux-x64 '${program}'
  '${program}' selftest --out /root/sonospeech-selftest
  for group in video render; do getent group $group >/dev/null || groupadd --system $group; done
  useradd --system --home-dir '${home}' --shell /usr/sbin/nologin ${user}
  install -d -m 750 -o ${user} -g ${user} '${home}' '${runs}'
  install -d -m 700 '${secret.replace(/\/[^/]*$/, "")}'
  (umask 077; openssl rand -base64 24 > '${secret}')
  install -m 644 sonospeech.service sonospeech-train@.service /etc/systemd/system/
  systemctl daemon-reload
  systemctl enable --now sonospeech

Then one of the proxies, which need a certificate with its chain in ${certificate} and its key in ${key}. To try it with
one that no browser knows:

  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '/CN=${settings.hostName}' \\
    -addext 'subjectAltName=DNS:${settings.hostName}' -keyout '${key}' -out '${certificate}'

One of these:

  install -m 644 nginx-sonospeech.conf /etc/nginx/conf.d/sonospeech.conf && nginx -t && systemctl reload nginx
  cat Caddyfile >> /etc/caddy/Caddyfile && caddy validate --config /etc/caddy/Caddyfile && systemctl reload caddy

The dashboard is at https://${publicHost(settings)}${basePath}/ and asks for the secret in ${secret}.

Scans are prepared by ${user}, too, so that it can read them:

  runuser -u ${user} -- env SONOSPEECH_HOME=/var/cache/${user} '${program}' prepare SCANS --out '${data}'
  systemctl start sonospeech-train@first

A training is stopped with systemctl stop and goes on with systemctl start. Its settings, if they are to be others than
the default ones, stand in ${optionsFile(settings, "first")} before it starts for the first time:

  TRAIN_OPTIONS="--set preset=small --set training.epochs=60"

What they say is told by journalctl -u sonospeech and journalctl -u sonospeech-train@first.
`;
}
