#include "bindings.hpp"
#include "calls.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

Receipt resume_load(const py::object& ledger, const std::string& load, const py::object& source_options,
                    const py::object& target_options, const py::object& progress) {
  Again again{.source_options = option_pairs(source_options), .target_options = option_pairs(target_options)};
  const auto path = path_of(ledger).cast<std::string>();
  const Registry& registry = builtins();
  Raised raised;
  auto receipt = waiting_for(
      [&](std::stop_token stop, Waiting& waiting) {
        again.stop = std::move(stop);
        again.observer = [&](const Event& event) {
          waiting.show(event.progress);
          return true;
        };
        return flatbed::resume(path, load, registry, again);
      },
      raised, std::stop_source(), progress);
  return value_of(std::move(receipt));
}

py::list list_loads(const py::object& ledger) {
  const auto opened = value_of(open_ledger(path_of(ledger).cast<std::string>()));
  const auto json = py::module_::import("json");
  py::list loads;
  for (const LoadRecord& load : value_of(opened->loads())) loads.append(json.attr("loads")(to_json(load)));
  return loads;
}

}  // namespace

void bind_loads(py::module_& module) {
  const auto none = py::none();
  module.def("default_ledger", &default_ledger_path, "Returns where the command keeps its ledger.");
  module.def("loads", &list_loads, "ledger"_a, "Returns the loads that a ledger knows, newest first, as dicts.");
  module.def("resume", &resume_load, "ledger"_a, "load"_a = "", py::kw_only(), "source_options"_a = none,
             "target_options"_a = none, "progress"_a = none,
             "Goes on with a load that was interrupted, the newest one unless it is named, and returns the receipt.\n"
             "The options are for passwords and the like, which a ledger does not keep.");
}

}  // namespace flatbed::python
