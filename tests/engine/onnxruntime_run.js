// What onnxruntime computes: onnxruntime_run.js MODEL INPUT COUNT OUTPUT, float32 [COUNT, 3, 100, 80] in and out.
// Exit status 3: npm's onnxruntime-node is not installed where NODE_PATH says.
const fs = require("fs");

async function main(model, input, count, output) {
  const runtime = require("onnxruntime-node");
  const session = await runtime.InferenceSession.create(model);
  const bytes = fs.readFileSync(input);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const picture = new runtime.Tensor("float32", values, [Number(count), 3, 100, 80]);
  const made = await session.run({ picture });
  const data = made.makeover.data;
  fs.writeFileSync(output, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exit(error.code === "MODULE_NOT_FOUND" ? 3 : 1);
});
