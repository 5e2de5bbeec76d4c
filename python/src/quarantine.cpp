#include <flatbed/quarantine.hpp>

#include "bindings.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

std::string path_text(const py::object& folder) {
  return py::cast<std::string>(py::module_::import("os").attr("fsencode")(folder));
}

Receipt replay_of(const py::object& folder, const py::object& target, const py::object& target_options,
                  const py::object& progress) {
  const std::string path = path_text(folder);
  Endpoint endpoint{.options = option_pairs(target_options)};
  if (!target.is_none()) endpoint = target_of(target, target_options);
  Raised raised;
  auto receipt = waiting_for(
      [&](std::stop_token stop, Waiting& waiting) {
        const Observer observer = [&](const Event& event) {
          waiting.show(event.progress);
          return true;
        };
        return replay(path, builtins(), endpoint, observer, stop);
      },
      raised, std::stop_source(), progress);
  return value_of(std::move(receipt));
}

}  // namespace

void bind_quarantine(py::module_& module) {
  py::class_<QuarantinedRow>(module, "QuarantinedRow", "A row of a quarantine.")
      .def_readonly("number", &QuarantinedRow::number, "From 1, in the order of the file.")
      .def_property_readonly(
          "state", [](const QuarantinedRow& row) { return state_name(row.state); },
          "open, loaded, missing (its line was removed) or unclear (lines beside it were added or removed).")
      .def_readonly("edited", &QuarantinedRow::edited, "Differs from what was rejected or, once loaded, loaded.")
      .def_property_readonly(
          "line", [](const QuarantinedRow& row) { return row.line == 0 ? py::object(py::none()) : py::int_(row.line); },
          "Its first line in the file of rows now, from 1.")
      .def_property_readonly(
          "reject", [](const QuarantinedRow& row) { return exception_of(row.reject); },
          "Why it was rejected, and where in the source.");
  py::class_<Quarantine>(module, "Quarantine", "Rejected rows as they stand in their source, to correct and replay.")
      .def_property_readonly("folder", [](const Quarantine& quarantine) { return shown(quarantine.folder); })
      .def_property_readonly(
          "rows_file", [](const Quarantine& quarantine) { return shown(quarantine.rows_file); }, "The file to edit.")
      .def_property_readonly("source", [](const Quarantine& quarantine) { return shown(quarantine.source); })
      .def_property_readonly("target", [](const Quarantine& quarantine) { return shown(quarantine.target); })
      .def_readonly("finished", &Quarantine::finished, "The load came to its end.")
      .def_readonly("rows", &Quarantine::rows)
      .def_readonly("added", &Quarantine::added, "Lines of the file of rows that belong to no row.")
      .def("to_json", [](const Quarantine& quarantine) { return to_json(quarantine); })
      .def("__repr__", [](const Quarantine& quarantine) {
        return show("Quarantine", quarantine.folder + " rows=" + std::to_string(quarantine.rows.size()));
      });
  const auto none = py::none();
  module.def(
      "quarantine",
      [](const py::object& folder) {
        const std::string path = path_text(folder);
        return value_of(waiting_for([&](std::stop_token) { return open_quarantine(path); }));
      },
      "folder"_a, "Looks at a quarantine, and changes nothing.");
  module.def("replay", &replay_of, "folder"_a, py::kw_only(), "target"_a = none, "target_options"_a = none,
             "progress"_a = none,
             "Loads the open rows of a quarantine as they stand in its file of rows now; a row is loaded once.");
}

}  // namespace flatbed::python
