// How Sphinx's search orders what it finds: where a word of the index was asked for, which counts
// up to 100, its section leads; then come headings, then chapters, then the reference.
const CODE = /[._]|[A-Z][a-z]+[A-Z][a-z]/; // what nobody types who asks for an idea
let headings = null; // of all sections, each by its place

var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 4,
  objPrio: {},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,

  score: (result) => {
    const [page, , anchor, description, score] = result;
    if (page === "api" && !CODE.test(new URLSearchParams(location.search).get("q"))) {
      return Math.min(score, 4);
    }
    // A word of the index names its page alone. It says its section as a heading does that was
    // found, so that the same place is shown once; and a page is called by its number and title.
    const { docnames, titles, alltitles } = Search._index;
    headings ??= new Map(Object.entries(alltitles).flatMap(([heading, places]) =>
      places.map(([file, id]) => [`${docnames[file]}#${id}`, heading])));
    if (description === null) {
      const heading = headings.get(page + anchor);
      result[1] = titles[docnames.indexOf(page)] + (heading ? ` > ${heading}` : "");
    }
    return score;
  },
};
