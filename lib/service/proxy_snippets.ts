/**
 * Settings of reverse proxies with TLS in front of the dashboard.
 *
 * The dashboard believes `X-Forwarded-Host`, `-Proto` and the last address of `-For` of a proxy that it was told to
 * trust, so a proxy must set them itself, whatever a client sends.
 *
 * @module
 */

import type { ServiceSettings } from "./service_settings.ts";

/** A server block for nginx, to be included in its `http` block. */
export function nginxSnippet(settings: ServiceSettings): string {
  const { hostName, tlsPort, certificate, key, basePath, port } = settings;
  return `# Sonospeech's dashboard behind nginx. Copy to /etc/nginx/conf.d/sonospeech.conf.
server {
    listen ${tlsPort} ssl;
    server_name ${hostName};
    ssl_certificate "${certificate}";
    ssl_certificate_key "${key}";
    ssl_protocols TLSv1.2 TLSv1.3;
    add_header Strict-Transport-Security "max-age=31536000" always;

    location = ${basePath} {
        return 308 ${basePath}/;
    }

    location ${basePath}/ {
        proxy_pass http://127.0.0.1:${port};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_set_header X-Forwarded-Proto https;
        proxy_set_header X-Forwarded-For $remote_addr;
        # Events of a training are sent as they happen, over an answer that does not end.
        proxy_buffering off;
        proxy_cache off;
        proxy_read_timeout 1h;
    }
}
`;
}

/** A site of Caddy, which sets the X-Forwarded- headers by itself. */
export function caddySnippet(settings: ServiceSettings): string {
  const { hostName, tlsPort, certificate, key, basePath, port } = settings;
  return `# Sonospeech's dashboard behind Caddy. Copy to /etc/caddy/Caddyfile, or import it there.
https://${hostName}:${tlsPort} {
	tls "${certificate}" "${key}"
	header Strict-Transport-Security "max-age=31536000"
	redir ${basePath} ${basePath}/ 308
	handle ${basePath}/* {
		reverse_proxy 127.0.0.1:${port} {
			# Events of a training are sent as they happen, over an answer that does not end.
			flush_interval -1
		}
	}
}
`;
}
