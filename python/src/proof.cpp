#include "bindings.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

Receipt receipt_of(const py::object& receipt, const std::string& ledger) {
  if (py::isinstance<Receipt>(receipt)) return receipt.cast<Receipt>();
  return value_of(find_receipt(path_of(receipt).cast<std::string>(), ledger));
}

ProofRequest request_of(const py::object& ledger, const py::object& source, const py::object& source_options,
                        const py::object& target_options) {
  return {.ledger = ledger.is_none() ? "" : path_of(ledger).cast<std::string>(),
          .source = source.is_none() ? "" : path_of(source).cast<std::string>(),
          .source_options = option_pairs(source_options),
          .target_options = option_pairs(target_options)};
}

// Does `work`, shows its progress, and lets signals stop it.
template <class Work>
auto watched(ProofRequest request, const py::object& progress, Work work) {
  Raised raised;
  return value_of(waiting_for(
      [&](std::stop_token stop, Waiting& waiting) {
        request.stop = std::move(stop);
        request.observer = [&](const Event& event) {
          waiting.show(event.progress);
          return true;
        };
        return work(request);
      },
      raised, std::stop_source(), progress));
}

Proof verify_load(const py::object& receipt, const py::object& ledger, const py::object& source,
                  const py::object& source_options, const py::object& target_options, const py::object& progress) {
  const ProofRequest request = request_of(ledger, source, source_options, target_options);
  const Receipt known = receipt_of(receipt, request.ledger);
  const Registry& registry = builtins();
  return watched(request, progress, [&](const ProofRequest& asked) { return flatbed::verify(known, registry, asked); });
}

Undo undo_load(const py::object& receipt, bool dry, const py::object& ledger, const py::object& source,
               const py::object& source_options, const py::object& target_options, const py::object& progress) {
  const ProofRequest request = request_of(ledger, source, source_options, target_options);
  const Receipt known = receipt_of(receipt, request.ledger);
  const Registry& registry = builtins();
  return watched(request, progress,
                 [&](const ProofRequest& asked) { return flatbed::undo(known, registry, dry, asked); });
}

py::list differing_of(const Proof& proof) {
  py::list blocks;
  for (const DifferingBlock& one : proof.differing) {
    blocks.append(py::dict("number"_a = one.block.number, "first_record"_a = one.block.first_record,
                           "records"_a = one.block.records, "byte_begin"_a = one.block.byte_begin,
                           "byte_end"_a = one.block.byte_end, "rows"_a = one.block.rows, "missing"_a = one.missing,
                           "first_missing_record"_a = one.first_record, "last_missing_record"_a = one.last_record));
  }
  return blocks;
}

}  // namespace

void bind_proof(py::module_& module) {
  py::class_<Proof>(module, "Proof", "What was found in the target of a load.")
      .def_property_readonly("holds", &Proof::holds, "Every row is there as it was loaded.")
      .def_readonly("load", &Proof::load)
      .def_property_readonly("source", [](const Proof& proof) { return shown(proof.source); })
      .def_property_readonly("target", [](const Proof& proof) { return shown(proof.target); })
      .def_readonly("blocks", &Proof::blocks, "Of the load.")
      .def_readonly("rows", &Proof::rows, "Of the load.")
      .def_readonly("missing", &Proof::missing, "Rows that are not there, or not as often as they were loaded.")
      .def_readonly("target_rows", &Proof::target_rows, "That the target holds, of this load and of others.")
      .def_property_readonly("differing", &differing_of,
                             "The blocks of rows that are missing, with their bytes and records in the source.")
      .def_readonly("seconds", &Proof::seconds)
      .def("to_json", [](const Proof& proof) { return to_json(proof); })
      .def("__repr__", [](const Proof& proof) {
        return show("Proof", "rows=" + std::to_string(proof.rows) + " missing=" + std::to_string(proof.missing));
      });
  py::class_<Undo>(module, "Undo", "What it takes to take a load out of its target, or what was taken out.")
      .def_readonly("removed", &Undo::removed, "False: this is what would be done.")
      .def_readonly("load", &Undo::load)
      .def_property_readonly("source", [](const Undo& undo) { return shown(undo.source); })
      .def_property_readonly("target", [](const Undo& undo) { return shown(undo.target); })
      .def_readonly("rows", &Undo::rows, "Of the load that are removed.")
      .def_readonly("equal", &Undo::equal, "Rows of others that equal removed ones, and stay.")
      .def_readonly("seconds", &Undo::seconds)
      .def("to_json", [](const Undo& undo) { return to_json(undo); })
      .def("__repr__", [](const Undo& undo) {
        return show("Undo", std::string(undo.removed ? "removed=" : "would_remove=") + std::to_string(undo.rows));
      });
  const auto none = py::none();
  module.def("verify", &verify_load, "receipt"_a, py::kw_only(), "ledger"_a = none, "source"_a = none,
             "source_options"_a = none, "target_options"_a = none, "progress"_a = none,
             "Reads the source of a load again, and looks for every row in its table.\n"
             "The receipt is one, its JSON, a file that holds it or, with a ledger, the name of a load. `source` is\n"
             "where the file is now; the options are for passwords and the like.");
  module.def("undo", &undo_load, "receipt"_a, py::kw_only(), "dry"_a = false, "ledger"_a = none, "source"_a = none,
             "source_options"_a = none, "target_options"_a = none, "progress"_a = none,
             "Takes the rows of a load out of its table, once each, after verify() has found them all.\n"
             "With `dry` it tells what would be done, and changes nothing. A load with a name needs its ledger.");
}

}  // namespace flatbed::python
