// The guide before what is looked up (reference, settings, files, decisions); titles with the words first.
const asked = (new URLSearchParams(location.search).get("q") ?? "").trim().toLowerCase();
const lookedUp = /^(reference|gallery\/plot|config|CHANGELOG|CONTRIBUTING|developing|benchmarks|docs\/(files|licences|decisions|validation|README))/;
var Scorer = {
  score: ([page, title, , , score]) =>
    score - (lookedUp.test(page) ? 20 : 0) + (title.toLowerCase().includes(asked) ? 15 : 0),
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
