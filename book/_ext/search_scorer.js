// How Sphinx's search orders what it finds (html_search_scorer). Words of the index count 100, where
// the whole word was asked for, and lead; then come headings, chapters, the reference.
const CODE = /_|[a-z][A-Z]/; // a name that nobody types who asks for an idea
let headings = null; // each section's, by its place

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
    const [page, title, anchor, description, score] = result;
    if (description !== null) {
      return CODE.test(title.split(".").pop()) ? score : Math.min(score, 4); // of the package
    }
    // A word of the index names the page alone: say which section, as a heading that was found
    // does, and the two become one.
    const { docnames, titles, alltitles } = Search._index;
    headings ??= new Map(Object.entries(alltitles).flatMap(([heading, places]) =>
      places.map(([file, id]) => [`${docnames[file]}#${id}`, heading])));
    const heading = headings.get(page + anchor);
    if (heading && title === titles[docnames.indexOf(page)]) {
      result[1] = `${title} > ${heading}`;
    }
    return page === "api" ? score - 1 : score;
  },
};
