#include "bindings.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

py::list exceptions_of(const std::vector<Error>& errors) {
  py::list exceptions;
  for (const Error& error : errors) exceptions.append(exception_of(error));
  return exceptions;
}

py::dict reject_counts(const Receipt& receipt) {
  py::dict counts;
  for (const auto& [code, count] : receipt.rejects_by_code) counts[py::str(code_name(code))] = count;
  return counts;
}

py::list files_of(const Receipt& receipt) {
  py::list files;
  for (const SourceFile& file : receipt.files) {
    files.append(py::dict("path"_a = file.path, "bytes"_a = file.bytes, "sha256"_a = file.sha256));
  }
  return files;
}

py::list blocks_of(const Receipt& receipt) {
  py::list blocks;
  for (const BlockRecord& block : receipt.block_list) {
    blocks.append(py::dict("number"_a = block.number, "first_record"_a = block.first_record,
                           "records"_a = block.records, "byte_begin"_a = block.byte_begin,
                           "byte_end"_a = block.byte_end, "rows"_a = block.rows, "token"_a = block.token,
                           "hash"_a = block.hash, "split"_a = block.split));
  }
  return blocks;
}

std::string show(const Receipt& receipt) {
  return "<flatbed.Receipt read=" + std::to_string(receipt.read) + " loaded=" + std::to_string(receipt.loaded) +
         " rejected=" + std::to_string(receipt.rejected) + " filtered=" + std::to_string(receipt.filtered) + ">";
}

}  // namespace

void bind_receipt(py::module_& module) {
  py::class_<Finding>(module, "Finding", "Rejects or leniencies that are alike: one code in one column.")
      .def_property_readonly("code", [](const Finding& finding) { return code_name(finding.code); })
      .def_property_readonly("column", [](const Finding& finding) { return shown(finding.column); })
      .def_readonly("count", &Finding::count)
      .def_property_readonly(
          "examples", [](const Finding& finding) { return exceptions_of(finding.examples); }, "The first ones.")
      .def("__repr__", [](const Finding& finding) {
        return show("Finding",
                    std::string(code_name(finding.code)) + " " + finding.column + " " + std::to_string(finding.count));
      });
  py::class_<CodeEntry>(module, "CodeEntry", "An entry of the published catalogue of codes.")
      .def_readonly("name", &CodeEntry::name, "Such as FB-TYPE-0103.")
      .def_readonly("summary", &CodeEntry::summary, "What it means, in one line.")
      .def_readonly("cause", &CodeEntry::cause, "How it usually comes about.")
      .def_readonly("action", &CodeEntry::action, "What to do.")
      .def("__repr__", [](const CodeEntry& entry) { return show("CodeEntry", entry.name); });
  module.def(
      "catalogue", [] { return std::vector<CodeEntry>(catalogue().begin(), catalogue().end()); },
      "Returns every code there is.");
  py::class_<Receipt>(module, "Receipt", "What a run did: read = loaded + rejected + duplicate + filtered.")
      .def_property_readonly("source", [](const Receipt& receipt) { return shown(receipt.source); })
      .def_property_readonly("target", [](const Receipt& receipt) { return shown(receipt.target); })
      .def_readonly("schema", &Receipt::schema, "The columns as written.")
      .def_property_readonly(
          "settings",
          [](const Receipt& receipt) {
            py::dict settings;
            for (const auto& [name, value] : receipt.settings) settings[py::str(name)] = value;
            return settings;
          },
          "The source's settings and who chose them.")
      .def_readonly("read", &Receipt::read)
      .def_readonly("loaded", &Receipt::loaded, "Acknowledged by the target.")
      .def_readonly("rejected", &Receipt::rejected)
      .def_readonly("duplicate", &Receipt::duplicate)
      .def_readonly("filtered", &Receipt::filtered)
      .def_readonly("bytes_read", &Receipt::bytes_read)
      .def_readonly("bytes_written", &Receipt::bytes_written)
      .def_readonly("blocks", &Receipt::blocks)
      .def_readonly("target_rows_before", &Receipt::target_rows_before)
      .def_readonly("target_rows_after", &Receipt::target_rows_after)
      .def_readonly("load", &Receipt::load, "Names the load in its ledger; empty without one.")
      .def_readonly("loaded_before", &Receipt::loaded_before, "Of `loaded`: by earlier runs of this load.")
      .def_property_readonly("files", &files_of,
                             "The files that were read, with their SHA-256, where a ledger is kept.")
      .def_property_readonly("block_list", &blocks_of, "What the target has acknowledged, block by block.")
      .def_readonly("seconds", &Receipt::seconds)
      .def_readonly("version", &Receipt::version)
      .def_property_readonly("balanced", &Receipt::balanced)
      .def_property_readonly("rejects_by_code", &reject_counts)
      .def_property_readonly("first_rejects",
                             [](const Receipt& receipt) { return exceptions_of(receipt.first_rejects); })
      .def_readonly("findings", &Receipt::findings, "Every reject, counted by code and column.")
      .def_readonly("leniencies", &Receipt::leniencies, "Repairs that were applied, and values that are rewritten.")
      .def_readonly("checked", &Receipt::checked, "A check: nothing was written, `loaded` rows would have been.")
      .def("to_json", [](const Receipt& receipt) { return to_json(receipt); })
      .def("__repr__", [](const Receipt& receipt) { return show(receipt); });
  py::class_<Progress>(module, "Progress", "How far a run is.")
      .def_readonly("rows_read", &Progress::rows_read)
      .def_readonly("rows_acknowledged", &Progress::rows_acknowledged)
      .def_readonly("rows_rejected", &Progress::rows_rejected)
      .def_readonly("bytes_read", &Progress::bytes_read)
      .def_readonly("bytes_total", &Progress::bytes_total)
      .def_readonly("seconds", &Progress::seconds);
}

}  // namespace flatbed::python
