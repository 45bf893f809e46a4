// Pictures of a digit on paper, chosen, dropped, pasted or photographed: each is brought to
// MNIST's form, and its way there is shown.
(() => {
  "use strict";

  const MOST = 2048; // pixels a side: the browser itself makes larger pictures smaller

  const STEPS = [
    ["grey", "grey", 255],
    ["contrast", "ground removed", 255],
    ["ink", "ink found", 1],
    ["boxed", "its box, with MNIST’s pen", 1],
    ["digit", "scaled and centred", 1],
  ];

  // The pixels of a file, turned as the camera says.
  const pixelsOf = async (file) => {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, MOST / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };

  const paint = (canvas, { data, width, height }, top) => {
    [canvas.width, canvas.height] = [width, height];
    const picture = new ImageData(width, height);
    data.forEach((value, at) => {
      const level = (255 * value) / top;
      picture.data.set([level, level, level, 255], 4 * at);
    });
    canvas.getContext("2d").putImageData(picture, 0, 0);
  };

  // `root` holds picture, file, camera, said and steps by their data-part; `found` gets the 784
  // numbers of a digit, and `refused` is called where there is none.
  window.digitPicture = (root, { found, refused }) => {
    const find = (name) => root.querySelector(`[data-part="${name}"]`);
    const [place, said, steps] = ["picture", "said", "steps"].map(find);

    const forget = () => {
      said.textContent = "";
      steps.hidden = true;
      steps.replaceChildren();
    };

    const show = (way) => {
      steps.replaceChildren(
        ...STEPS.map(([name, words, top]) => {
          const item = document.createElement("li");
          const frame = document.createElement("div");
          const canvas = document.createElement("canvas");
          frame.className = "draw-frame";
          canvas.className = "draw-photo";
          canvas.setAttribute("role", "img");
          canvas.setAttribute("aria-label", `The picture: ${words}`);
          paint(canvas, way[name].length ? { data: way[name], width: 28, height: 28 } : way[name],
            top);
          frame.append(canvas);
          item.append(frame, words);
          return item;
        }),
      );
      steps.hidden = false;
    };

    let newest = 0; // of two pictures the later one counts, whichever is read first
    const take = async (file) => {
      newest += 1;
      const mine = newest;
      forget();
      let pixels;
      try {
        pixels = await pixelsOf(file);
      } catch {
        pixels = null;
      }
      if (mine !== newest) {
        return;
      }
      if (!pixels) {
        refused();
        said.textContent = "This is no picture that the browser can read.";
        return;
      }
      try {
        const way = window.digitHandwriting.read(pixels);
        found(way.digit); // which may forget what was shown of another
        show(way);
        said.textContent = "A digit is found.";
      } catch (error) {
        refused();
        said.textContent = `Not read: ${error.message}.`;
      }
    };

    for (const name of ["file", "camera"]) {
      find(name).addEventListener("change", ({ target }) => {
        if (target.files.length) {
          take(target.files[0]);
        }
      });
      find(name).addEventListener("click", ({ target }) => {
        target.value = ""; // the same file may be chosen again
      });
    }
    const pictureIn = (transfer) =>
      [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/"));
    document.addEventListener("paste", (event) => {
      const file = pictureIn(event.clipboardData);
      if (file) {
        event.preventDefault();
        take(file);
      }
    });
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
      place.addEventListener(kind, (event) => {
        if (carriesFiles(event)) {
          event.preventDefault();
          place.classList.toggle("draw-over", kind === "dragenter" || kind === "dragover");
        }
      });
    }
    place.addEventListener("drop", ({ dataTransfer }) => {
      const [file] = dataTransfer.files;
      if (file) {
        take(pictureIn(dataTransfer) ?? file);
      }
    });
    return { forget };
  };
})();
