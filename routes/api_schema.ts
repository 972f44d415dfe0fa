/**
 * The contract in the form in which Hono's typed client takes it.
 *
 * @module
 */

import type { Contract, PathParameters } from "./contract.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

type MethodOf<Route> = Route extends `${infer M extends Method} /${string}` ? M : never;
type PathOf<Route> = Route extends `${Method} ${infer Path}` ? Path : never;

/** A route's name from `/api` on. */
type Placed<Prefix extends string, Route> = Route extends `${infer M extends Method} ${infer Path}`
  ? `${M} ${Path extends "/" ? Prefix : `${Prefix}${Path}`}`
  : never;

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends
  (all: infer All) => void ? All : never;

/** All routes in one, by `METHOD /path` from `/api` on. */
export type Routes = Intersection<
  {
    [Prefix in keyof Contract]: {
      [Route in keyof Contract[Prefix] as Placed<Prefix, Route>]: Contract[Prefix][Route];
    };
  }[keyof Contract]
>;

/** The names of a path's parameters. */
type ParametersOf<Path extends string> = Path extends `${infer Part}/${infer Rest}`
  ? ParametersOf<Part> | ParametersOf<Rest>
  : Path extends `:${infer Name extends keyof PathParameters}` ? Name
  : never;

type ParamOf<Path extends string> = [ParametersOf<Path>] extends [never] ? unknown
  : { param: Pick<PathParameters, ParametersOf<Path>> };
type QueryOf<Route> = Route extends { query: infer Query }
  ? Partial<Query> extends Query ? { query?: Query } : { query: Query }
  : unknown;
type BodyOf<Route> = Route extends { body: infer Body }
  ? Route extends { file: true } ? { json?: Body } : { json: Body }
  : unknown;

/** What is asked with, as an object even where it is nothing. */
type InputOf<Path extends string, Route> = {
  [Part in keyof (ParamOf<Path> & QueryOf<Route> & BodyOf<Route>)]: (
    & ParamOf<Path>
    & QueryOf<Route>
    & BodyOf<Route>
  )[Part];
};

type Endpoint<Path extends string, Route> = {
  input: InputOf<Path, Route>;
  output: Route extends { answer: infer Answer } ? Answer
    : Route extends { data: infer Data } ? Data
    : unknown;
  outputFormat: Route extends { answer: unknown } ? "json" : "body";
  status: StatusOf<Route>;
};

/** The status of a route's answer. */
export type StatusOf<Route> = Route extends { status: infer Status extends 202 } ? Status
  : Route extends { answer: unknown } | { media: unknown } ? 200
  : 204;

/** By path, then by method as `$get`. */
export type ApiSchema = {
  [Path in PathOf<keyof Routes>]: {
    [Route in Extract<keyof Routes, `${Method} ${Path}`> as `$${Lowercase<MethodOf<Route>>}`]: Endpoint<
      Path,
      Routes[Route]
    >;
  };
};
