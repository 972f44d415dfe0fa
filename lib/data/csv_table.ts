/**
 * CSV files as spreadsheets and instruments write them, with the line of every row.
 *
 * Fields are separated by tabs where the header has one, by semicolons where the header has those and no comma, else
 * by commas. Where it is not the comma that separates, numbers may have a decimal comma.
 *
 * @module
 */

import { parse } from "csv-parse/sync";

/** One row below the header. */
export interface CsvRow {
  /** Its fields, or those that were picked, without blanks around them. */
  values: string[];
  /** The line of the file on which it ends, from 1. */
  line: number;
}

/** A CSV file's content. */
export interface CsvTable {
  /** The names in the first row; empty when there is none. */
  header: string[];
  /** The line of the header. */
  headerLine: number;
  /** The other rows. */
  rows: CsvRow[];
  /** A field as a number; NaN when it is none, or empty. */
  toNumber: (text: string) => number;
}

/** How to read a table. */
export interface CsvOptions {
  /** Which fields of a row are kept, by their index, once the header is known; all when left out. */
  pick?: (header: readonly string[], headerLine: number) => readonly number[];
  /** Called for what is not valid CSV; must throw. */
  refuse: (line: number, must: string) => never;
}

/** Reads a table: UTF-8 text with or without a byte order mark, fields may be quoted, empty lines are left out. */
export function readCsvTable(text: string, { pick, refuse }: CsvOptions): CsvTable {
  const delimiter = delimiterOf(text);
  const table: CsvTable = {
    header: [],
    headerLine: 1,
    rows: [],
    toNumber: (text) => toNumber(text, delimiter),
  };
  let fields: readonly number[] | undefined;
  // What is thrown while a record is read would be reported as a fault of the CSV.
  let thrown: { error: unknown } | undefined;
  const take = (record: string[], line: number): void => {
    if (table.header.length > 0) {
      table.rows.push({ values: fields ? fields.map((field) => record[field]) : record, line });
      return;
    }
    [table.header, table.headerLine] = [record, line];
    try {
      fields = pick?.(record, line);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  try {
    parse(text, {
      ...{ bom: true, skip_empty_lines: true, trim: true, delimiter },
      on_record: (record: string[], { lines }: { lines: number }) => void take(record, lines),
    });
  } catch (error) {
    if (thrown) throw thrown.error;
    refuse((error as { lines?: number }).lines ?? 1, `it must be valid CSV (${(error as Error).message})`);
  }
  return table;
}

function delimiterOf(text: string): string {
  const header = text.split(/[\r\n]/).find((line) => line.trim() !== "") ?? "";
  if (header.includes("\t")) return "\t";
  return header.includes(";") && !header.includes(",") ? ";" : ",";
}

function toNumber(text: string, delimiter: string): number {
  if (text === "") return NaN;
  return Number(delimiter === "," ? text : text.replace(",", "."));
}
