/**
 * The type checker compares what the routers answer with the contract: an answer that is none of its route's, or a route
 * of the contract that no router has, is an error here.
 *
 * @module
 */

import type { Hono } from "hono";
import type { accessRoutes } from "../../routes/access_routes.ts";
import type { StatusOf } from "../../routes/api_schema.ts";
import type { certificateRoutes } from "../../routes/certificate_routes.ts";
import type {
  CertificateRoutes,
  ControlRoutes,
  DatasetRoutes,
  FindRoutes,
  MapRoutes,
  MarkRoutes,
  PaceRoutes,
  ResultsRoutes,
  RunRoutes,
  SessionRoutes,
} from "../../routes/contract.ts";
import type { openControlRoutes } from "../../routes/control_routes.ts";
import type { datasetRoutes } from "../../routes/dataset_routes.ts";
import type { findRoutes } from "../../routes/find_routes.ts";
import type { mapRoutes } from "../../routes/map_routes.ts";
import type { markRoutes } from "../../routes/mark_routes.ts";
import type { paceRoutes } from "../../routes/pace_routes.ts";
import type { resultsRoutes } from "../../routes/results_routes.ts";
import type { runRoutes } from "../../routes/run_routes.ts";

type SchemaOf<Router> = Router extends (...settings: never[]) => infer App
  ? App extends Hono<infer _Env, infer Schema, infer _Base> ? Schema : never
  : never;

/** What a router answers at a path with the status that the contract names. */
type Served<Schema, Name, Status> = Name extends `${infer Method} ${infer Path}`
  ? Schema extends Record<Path, Record<`$${Lowercase<Method>}`, infer Endpoint>>
    ? Endpoint extends { output: infer Answer; status: infer Given } ? Status extends Given ? Answer : never
    : never
  : never
  : never;

/** The routes whose answers are not what the contract says, or that are missing. */
type Wrong<Router, Routes> = {
  [Name in keyof Routes]: Routes[Name] extends { answer: infer Answer }
    ? [Served<SchemaOf<Router>, Name, StatusOf<Routes[Name]>>] extends [infer Given]
      ? [Given] extends [never] ? Name : [Given] extends [Answer] ? never : Name
    : Name
    : never;
}[keyof Routes];

/** Takes no argument where nothing is wrong, and else what is. */
export function agree<Wrong>(..._wrong: [Wrong] extends [never] ? [] : [Wrong]): void {}

agree<Wrong<typeof accessRoutes, SessionRoutes>>();
agree<Wrong<typeof runRoutes, RunRoutes>>();
agree<Wrong<typeof datasetRoutes, DatasetRoutes>>();
agree<Wrong<typeof certificateRoutes, CertificateRoutes>>();
agree<Wrong<typeof paceRoutes, PaceRoutes>>();
agree<Wrong<typeof markRoutes, MarkRoutes>>();
agree<Wrong<typeof mapRoutes, MapRoutes>>();
agree<Wrong<typeof findRoutes, FindRoutes>>();
agree<Wrong<typeof resultsRoutes, ResultsRoutes>>();
agree<Wrong<typeof openControlRoutes, ControlRoutes>>();
