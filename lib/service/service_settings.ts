/**
 * What a service is set up with, checked so that every value can stand in the files of systemd, nginx and Caddy as it
 * is.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";

/** Where the service lies and how it is reached. */
export interface ServiceSettings {
  /** Absolute path of the packed file. */
  program: string;
  /** Absolute path of the folder with run folders, which the service writes. */
  runs: string;
  /** Absolute path of the dataset to train on. */
  data: string;
  /** The system's user and group that it runs as. */
  user: string;
  /** Absolute path of the file with the operator's secret, which root alone need be able to read. */
  secret: string;
  /** Port of 127.0.0.1 that the proxy asks. */
  port: number;
  /** Name under which people reach the proxy. */
  hostName: string;
  /** Port of the proxy, 443 by custom. */
  tlsPort: number;
  /** Path below which the proxy shows the dashboard, as `/sonospeech`. */
  basePath: string;
  /** Absolute path of the proxy's certificate, and its chain. */
  certificate: string;
  /** Absolute path of the certificate's key. */
  key: string;
}

const shapes: { names: (keyof ServiceSettings)[]; shape: RegExp; must: string }[] = [
  {
    names: ["program", "runs", "data", "secret", "certificate", "key"],
    // Quotes, backslashes and signs that begin a variable mean something else in each of the three programs.
    // deno-lint-ignore no-control-regex
    shape: /^\/[^\x00-\x1f\x7f"'\\$%{};:#,]*$/,
    must:
      "must be an absolute path without quotes, backslashes, control characters and any of $ % { } ; : # ,",
  },
  { names: ["user"], shape: /^[a-z_][a-z0-9_-]*$/, must: "must be the name of a user, in small letters" },
  { names: ["hostName"], shape: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, must: "must be a host's name" },
  {
    names: ["basePath"],
    shape: /^(\/[A-Za-z0-9._~-]+)+$/,
    must: "must begin with a slash and end without one, as /sonospeech",
  },
];

/** Refuses settings that cannot be written as they are. @throws SonospeechError `usage` naming the first of them. */
export function checkServiceSettings(settings: ServiceSettings): void {
  for (const { names, shape, must } of shapes) {
    for (const name of names) {
      if (shape.test(String(settings[name]))) continue;
      throw new SonospeechError("usage", {
        action: "write the service's files",
        must: `${name} ${must}`,
        received: settings[name],
      });
    }
  }
}

/** The host as browsers name it: with its port unless that is the usual one. */
export function publicHost({ hostName, tlsPort }: ServiceSettings): string {
  return tlsPort === 443 ? hostName : `${hostName}:${tlsPort}`;
}
