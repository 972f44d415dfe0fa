import assert from "node:assert/strict";
import { checkAdapter, checkWebAssembly, describeAdapter } from "../../../lib/commands/doctor_devices.ts";

Deno.test("checkWebAssembly() multiplies matrices and says how fast", async () => {
  const { status, found, details } = await checkWebAssembly();
  assert.equal(status, "ok", found);
  assert.match(found, /^[\d.e+]+ GFLOP\/s$/);
  assert.ok(Number(details!.gigaflops) > 0.01);
});

Deno.test("checkAdapter() names the adapter and its speed, or the remedy where there is none", async () => {
  const { status, found, remedy, details } = await checkAdapter();
  console.log(found);
  if (details === undefined) assert.match(remedy!, /mesa-vulkan-drivers/);
  else assert.deepEqual([status, Number(details.gigaflops) > 0.01], ["ok", true], found);
});

Deno.test("describeAdapter() says whether the adapter is emulated, and its limits", () => {
  const limits = {
    maxBufferSizeBytes: 2 ** 31,
    maxStorageBufferBindingSizeBytes: 2 ** 31,
    maxComputeInvocationsPerWorkgroup: 1024,
    maxComputeWorkgroupStorageSizeBytes: 32768,
  };
  assert.equal(
    describeAdapter({ name: "H200", vendor: "nvidia", isHardware: true, limits }),
    "H200 (hardware), buffers to 2.0 GiB, workgroups of 1024 with 32 KiB",
  );
  assert.match(describeAdapter({ name: "x", vendor: "", isHardware: false, limits }), /^x \(software\), /);
});
