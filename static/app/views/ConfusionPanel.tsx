import type { ReportDetailWire } from "../../../routes/wire/results.ts";
import { formatCount, formatShare } from "../format.ts";
import { route, setQuery } from "../router.ts";
import { AnsweredWindows } from "./AnsweredWindows.tsx";
import { ConfusionMatrix } from "./ConfusionMatrix.tsx";
import { Choice, Note } from "./Parts.tsx";

/** A row's confusion matrix, and the windows behind the cell that was chosen. */
export function ConfusionPanel({ report }: { report: ReportDetailWire }) {
  const { confusions, windowsProblem } = report;
  const { query } = route.value;
  const shown = confusions.find(({ row }) => row === query.get("row")) ??
    confusions.find(({ row }) => row === "paper") ?? confusions[0];
  if (!shown) return null;
  const { row, title, classes, counts, accuracy } = shown;
  const [truth, answer] = ["truth", "answer"].map((key) => classes.indexOf(query.get(key) ?? ""));
  const chosen = truth >= 0 && answer >= 0 && !windowsProblem ? [truth, answer] as const : null;
  const total = counts.flat().reduce((sum, count) => sum + count, 0);
  return (
    <>
      <h2 class="section">Confusion of planes</h2>
      <div class="row filters">
        <Choice
          label="Row"
          value={row}
          onChange={(value) => setQuery({ row: value, offset: "" })}
          options={confusions.map((one) => [one.row, one.title])}
        />
        <p class="small">
          {formatCount(total)} answers of all folds and seeds, {formatShare(accuracy)} of them right.
          {windowsProblem ? "" : " A cell shows its windows: a click, or arrow keys and Enter."}
        </p>
      </div>
      {windowsProblem && <Note kind="quiet">{windowsProblem}</Note>}
      <ConfusionMatrix
        title={title}
        classes={classes}
        counts={counts}
        chosen={chosen}
        onChoose={windowsProblem
          ? null
          : ([truth, answer]) =>
            setQuery({ row, truth: classes[truth], answer: classes[answer], offset: "" })}
      />
      {chosen && <AnsweredWindows report={report} confusion={shown} truth={truth} answer={answer} />}
    </>
  );
}
