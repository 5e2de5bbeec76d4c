#include "bindings.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

void look_up_in(Join& join, const py::object& uri, const py::object& options) {
  const Given given = given_source(uri, options);
  check(waiting_for([&](std::stop_token stop) { return look_up(join, given.endpoint, given.registry, stop); }));
}

py::list proposals_of(const Join& join) {
  py::list proposals;
  for (const KeyProposal& proposal : propose_keys(join)) {
    proposals.append(py::make_tuple(to_string(proposal), proposal.score, proposal.why));
  }
  return proposals;
}

}  // namespace

void bind_join(py::module_& module) {
  const auto none = py::none();
  const auto chained = py::return_value_policy::reference;
  py::class_<Join>(module, "Join",
                   "A SELECT over joined tables. Rows without a partner have None in the other table's columns. Names "
                   "that\nhold other characters than letters, digits and _ stand in backquotes.")
      .def(py::init<>())
      .def(
          "table",
          [](Join& join, const std::string& text) -> Join& {
            check(add_table(join, text));
            return join;
          },
          "table"_a, chained, "Adds a table: \"orders\", \"shop.orders AS o\", \"left customers AS c\".")
      .def(
          "on",
          [](Join& join, const std::string& text) -> Join& {
            check(add_key(join, text));
            return join;
          },
          "key"_a, chained, "Adds two columns that must be equal: \"o.customer_id = c.id\".")
      .def(
          "column",
          [](Join& join, const std::string& text) -> Join& {
            check(add_column(join, text));
            return join;
          },
          "column"_a, chained, "Adds a column of the result: \"c.name AS customer\"; without any, all are read.")
      .def_readwrite("where", &Join::where, "A condition in SQL.")
      .def_readwrite("order_by", &Join::order_by, "Expressions in SQL.")
      .def_readwrite("limit", &Join::limit)
      .def("look_up", &look_up_in, "uri"_a, py::kw_only(), "options"_a = none,
           "Asks the server for the columns of every table.")
      .def("proposals", &proposals_of,
           "Returns keys that names and types propose, the best first: (key, score from 0 to 1, why).")
      .def(
          "sql", [](const Join& join) { return value_of(join_sql(join)); },
          "Returns the statement, every name quoted; it is read with the option \"query\" of a source.")
      .def("__repr__", [](const Join& join) {
        std::string tables;
        for (const JoinedTable& table : join.tables) tables += (tables.empty() ? "" : ", ") + table.shown();
        return show("Join", tables);
      });
}

}  // namespace flatbed::python
