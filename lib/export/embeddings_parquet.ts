/**
 * Embeddings as an Apache Parquet file, for tables in Python, R and SQL.
 *
 * @see https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists
 * @module
 */

import { parquetWriteBuffer } from "hyparquet-writer";
import type { EmbeddedWindows } from "../evaluation/embed.ts";

/** What the columns are made with. */
export interface EmbeddingsTable {
  /** Where they are from: the dataset's id. */
  datasetId: string;
  /** Length of a window. */
  windowSeconds: number;
  /** Whether the splits mean anything; the column is left out otherwise. */
  tellSplit: boolean;
}

type SchemaElement = NonNullable<Parameters<typeof parquetWriteBuffer>[0]["schema"]>[number];

const required = (name: string, type: SchemaElement["type"], text = false): SchemaElement => ({
  ...{ name, type, repetition_type: "REQUIRED" },
  ...(text ? { converted_type: "UTF8" } : {}),
});

/** A list of float32 that is there and holds no gaps, in the three levels that the format asks for. */
const floatList = (name: string): SchemaElement[] => [
  {
    ...{ name, repetition_type: "REQUIRED", num_children: 1 },
    ...{ converted_type: "LIST", logical_type: { type: "LIST" } },
  },
  { name: "list", repetition_type: "REPEATED", num_children: 1 },
  required("element", "FLOAT"),
];

/**
 * One row a window: `window_id` INT64, `scan_id`, `split`, `start_seconds`, `end_seconds`, `voiced_fraction`, and
 * `video` and `speech` as lists of float32 of unit length; the dataset's id is in the file's metadata. Names of
 * subjects and files are left out.
 */
export function embeddingsParquet(
  { windows, video, speech, dimension }: EmbeddedWindows,
  { datasetId, windowSeconds, tellSplit }: EmbeddingsTable,
): Uint8Array<ArrayBuffer> {
  const rowsOf = (values: Float32Array) =>
    windows.map((_, i) => Array.from(values.subarray(i * dimension, (i + 1) * dimension)));
  const columns: { elements: SchemaElement[]; data: unknown[] | Float64Array | BigInt64Array }[] = [
    { elements: [required("window_id", "INT64")], data: BigInt64Array.from(windows, ({ id }) => BigInt(id)) },
    { elements: [required("scan_id", "BYTE_ARRAY", true)], data: windows.map(({ scanId }) => scanId) },
    ...(tellSplit
      ? [{ elements: [required("split", "BYTE_ARRAY", true)], data: windows.map(({ split }) => split) }]
      : []),
    {
      elements: [required("start_seconds", "DOUBLE")],
      data: Float64Array.from(windows, ({ startSeconds }) => startSeconds),
    },
    {
      elements: [required("end_seconds", "DOUBLE")],
      data: Float64Array.from(windows, ({ startSeconds }) => startSeconds + windowSeconds),
    },
    {
      elements: [required("voiced_fraction", "DOUBLE")],
      data: Float64Array.from(windows, ({ voicedFractionWebrtc }) => voicedFractionWebrtc),
    },
    { elements: floatList("video"), data: rowsOf(video) },
    { elements: floatList("speech"), data: rowsOf(speech) },
  ];
  const buffer = parquetWriteBuffer({
    schema: [{ name: "root", num_children: columns.length }, ...columns.flatMap(({ elements }) => elements)],
    columnData: columns.map(({ elements, data }) => ({ name: elements[0].name, data })),
    kvMetadata: [{ key: "dataset", value: datasetId }],
    createdBy: "sonospeech",
  });
  return new Uint8Array(buffer);
}
