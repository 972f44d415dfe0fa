import { cssOf, type Legend } from "../charts/map_colours.ts";
import { formatCount } from "../format.ts";
import { setQuery } from "../router.ts";

/** Groups that are named; of more, the others are counted. */
const mostGroups = 24;

/** What the map's dots and colours mean; a group that is pressed stands out from the others. */
export function MapLegend({ legend, group }: { legend: Legend; group: string }) {
  return (
    <ul class="legend map-legend">
      <li>
        <i class="dot filled" />video
      </li>
      <li>
        <i class="dot" />speech of the same window
      </li>
      {legend.kind === "scale" ? <Scale legend={legend} /> : <Groups legend={legend} group={group} />}
    </ul>
  );
}

function Groups(
  { legend: { groups }, group }: { legend: Extract<Legend, { kind: "groups" }>; group: string },
) {
  return (
    <>
      {groups.slice(0, mostGroups).map(({ name, colour, count }) => (
        <li key={name}>
          <button
            type="button"
            class="quiet small"
            aria-pressed={group === name}
            title={`${formatCount(count)} windows; show these alone`}
            onClick={() => setQuery({ group: group === name ? "" : name })}
          >
            <i class="dot filled" style={{ color: cssOf(colour) }} />
            <bdi>{name}</bdi>
          </button>
        </li>
      ))}
      {groups.length > mostGroups && <li>and {formatCount(groups.length - mostGroups)} more</li>}
    </>
  );
}

function Scale({ legend }: { legend: Extract<Legend, { kind: "scale" }> }) {
  const { name, low, high, steps, missing } = legend;
  return (
    <>
      <li>
        <span>{name}</span>
        <span class="muted">{low}</span>
        <i
          class="scale"
          style={{ backgroundImage: `linear-gradient(to right, ${steps.map(cssOf).join(", ")})` }}
        />
        <span class="muted">{high}</span>
      </li>
      {missing > 0 && <li class="muted">grey: not known of {formatCount(missing)}</li>}
    </>
  );
}
