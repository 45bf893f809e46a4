// Python in a worker: Pyodide, the packages of the book, and the book's own kernel.
//
// Takes {id, call, args} and answers with any number of {id, event}, then {id, value} or
// {id, error}. `call` names a function of kernel.py, or "module.function" of another module;
// the first message is {id, start: url}.
let python = null;
let last = Promise.resolve();

/** Fetch a file, unpack it where it was packed, and tell how many of its bytes have come. */
async function bytesOf({ url, packed }, root, loaded) {
  const answer = await fetch(root + (packed ?? url));
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${answer.statusText}`);
  const counting = new TransformStream({
    transform(part, on) {
      loaded(part.length);
      on.enqueue(part);
    },
  });
  let parts = answer.body.pipeThrough(counting);
  if (packed) parts = parts.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(parts).arrayBuffer());
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
  const contents = await (await fetch(`${root}contents.json`, { cache: "no-cache" })).json();
  const total = contents.eager.reduce((sum, file) => sum + file.bytes, 0);
  let sum = 0;
  const loaded = (bytes) => tell({ loaded: (sum += bytes), total });
  const files = new Map(
    contents.eager.map((file) => [file.url, bytesOf(file, root, loaded)]),
  );
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
function named(call) {
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
        const answer = await named(call).callKwargs({
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
