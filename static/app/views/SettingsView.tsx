import { configRows } from "../config_rows.ts";
import type { LiveRun } from "../live_run.ts";
import { Note } from "./Parts.tsx";

/** Every setting of the run. */
export function SettingsView({ run }: { run: LiveRun }) {
  const detail = run.detail.value;
  if (!detail) return <Note kind="quiet">Loading…</Note>;
  const rows = configRows([detail.config]);
  return (
    <section>
      <div class="panel scroll" tabIndex={0} role="region" aria-label="Settings">
        <table class="settings">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, values }) => (
              <tr key={key}>
                <th scope="row">{key}</th>
                <td class="text">{values[0]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
