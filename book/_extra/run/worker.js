// Python in a worker: Pyodide, the packages of the book, and the book's own kernel.
//
// Takes {id, call, args} and answers with any number of {id, event}, then {id, value} or
// {id, error}. `call` names a function of kernel.py, or "module.function" of another module;
// the first message is {id, start: url}.
let python = null;
let last = Promise.resolve();

async function fetched(name, root, options) {
  const answer = await fetch(root + name, options);
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer;
}

/** What a file's promise gives; what goes wrong is said with the file's name. */
async function named(name, promise) {
  try {
    return await promise;
  } catch (error) {
    throw new Error(`${name.replace(/\?.*/, "")}: ${error.message}`);
  }
}

/** Fetch a file, unpack it where it was packed, and tell how many of its bytes have come. */
async function bytesOf({ url, packed, bytes }, root, loaded) {
  const answer = await fetched(packed ?? url, root);
  let came = 0;
  const counting = new TransformStream({
    transform(part, on) {
      came += part.length;
      loaded(part.length);
      on.enqueue(part);
    },
  });
  let parts = answer.body.pipeThrough(counting);
  if (packed) parts = parts.pipeThrough(new DecompressionStream("gzip"));
  const content = new Uint8Array(await new Response(parts).arrayBuffer());
  if (came !== bytes) throw new Error(`${came} of ${bytes} bytes came`);
  return content;
}

/** Files that are fetched, each by one request, when Python first opens them. */
function makeLazy(pyodide, root, { folder, url, names }) {
  pyodide.FS.mkdirTree(folder);
  for (const name of names) {
    const node = pyodide.FS.createFile(folder, name, {}, true, false);
    const plain = node.stream_ops;
    node.stream_ops = {
      ...plain,
      open() {
        const request = new XMLHttpRequest(); // Python waits for it
        request.open("GET", `${root}${url}${name}`, false);
        request.responseType = "arraybuffer";
        request.send();
        if (request.status !== 200) throw new pyodide.FS.ErrnoError(29); // EIO
        node.contents = new Uint8Array(request.response);
        node.usedBytes = node.contents.length;
        node.stream_ops = plain;
      },
    };
  }
}

async function start(root, tell) {
  const list = fetched("contents.json", root, { cache: "no-cache" });
  const contents = await named("contents.json", list.then((answer) => answer.json()));
  const total = contents.eager.reduce((sum, file) => sum + file.bytes, 0);
  let sum = 0;
  const loaded = (bytes) => tell({ loaded: (sum += bytes), total });
  const files = new Map(
    contents.eager.map((file) => [
      file.url,
      named(file.packed ?? file.url, bytesOf(file, root, loaded)),
    ]),
  );
  // Pyodide would wait for ever for some of them, and go on without others.
  const missing = new Promise((_, fail) => Promise.all(files.values()).catch(fail));
  await Promise.race([assemble(root, contents, files), missing]);
}

/** Make Python of its files, which are promises yet. */
async function assemble(root, contents, files) {
  // Pyodide fetches some of them too: it gets what has come already, not a second copy.
  const fetchElsewhere = self.fetch;
  self.fetch = async (request, options) => {
    const url = String(request.url ?? request);
    const file = url.startsWith(root) ? files.get(url.slice(root.length)) : undefined;
    if (!file) return fetchElsewhere(request, options);
    const type = url.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    return new Response(await file, { headers: { "Content-Type": type } });
  };
  importScripts(`${root}${contents.pyodide}pyodide.js`);
  const pyodide = await loadPyodide({
    indexURL: `${root}${contents.pyodide}`,
    lockFileURL: `${root}${contents.lock}`,
  });
  await pyodide.loadPackage(contents.packages, { messageCallback: () => {} });
  for (const { url, into } of contents.archives) {
    pyodide.unpackArchive(await files.get(url), "zip", { extractDir: into });
  }
  self.fetch = fetchElsewhere;
  for (const files of contents.lazy) makeLazy(pyodide, root, files);
  pyodide.runPython(`import sys; sys.path[:0] = ${JSON.stringify(contents.path)}`);
  pyodide.pyimport("kernel").start(pyodide.toPy(contents.build));
  python = pyodide;
}

/** A function of Python: "run" of kernel.py, "exercises_kernel.check" of that module. */
function functionOf(call) {
  const parts = call.split(".");
  const name = parts.pop();
  return python.pyimport(parts.join(".") || "kernel")[name];
}

function toPython(value) {
  return value instanceof Object ? python.toPy(value) : value;
}

/** Whether Python can still be asked: it cannot when it was left or broke. */
function lives() {
  try {
    return python?.runPython("True");
  } catch {
    return false;
  }
}

self.onmessage = ({ data: { id, start: root, call, args } }) => {
  // One after the other, as a notebook's kernel takes them.
  last = last.then(async () => {
    const tell = (event) => self.postMessage({ id, event });
    try {
      let value;
      if (root) {
        await start(root, tell);
      } else {
        const given = Object.entries(args).map(([key, value]) => [key, toPython(value)]);
        const answer = await functionOf(call).callKwargs({
          ...Object.fromEntries(given),
          emit: (event) => tell(event.toJs({ dict_converter: Object.fromEntries, create_proxies: false })),
        });
        value = answer?.toJs ? answer.toJs({ dict_converter: Object.fromEntries }) : answer;
      }
      self.postMessage({ id, value });
    } catch (error) {
      self.postMessage({ id, error: String(error.message ?? error), dead: !lives() });
    }
  });
};
