#include "bindings.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

std::vector<TableInfo> tables_of(const py::object& source, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(waiting_for([&](std::stop_token stop) { return given.registry.tables(given.endpoint, stop); }));
}

std::vector<DatabaseInfo> databases_of(const py::object& source, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(waiting_for([&](std::stop_token stop) { return given.registry.databases(given.endpoint, stop); }));
}

std::vector<ColumnInfo> columns_of(const py::object& source, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(waiting_for([&](std::stop_token stop) { return given.registry.columns(given.endpoint, stop); }));
}

bool serves(const OptionSpec& option, Use use) {
  return (static_cast<unsigned>(option.use) & static_cast<unsigned>(use)) != 0;
}

}  // namespace

void bind_registry(py::module_& module) {
  py::class_<OptionSpec>(module, "Option", "An option of a connector.")
      .def_readonly("name", &OptionSpec::name)
      .def_property_readonly("type", [](const OptionSpec& option) { return option_type_name(option.type); })
      .def_readonly("help", &OptionSpec::help)
      .def_readonly("default", &OptionSpec::default_text)
      .def_readonly("choices", &OptionSpec::choices, "\"a|b|c\" for a choice, else \"\".")
      .def_property_readonly("reads", [](const OptionSpec& option) { return serves(option, Use::kRead); })
      .def_property_readonly("writes", [](const OptionSpec& option) { return serves(option, Use::kWrite); })
      .def_readonly("secret", &OptionSpec::secret)
      .def("__repr__", [](const OptionSpec& option) { return show("Option", option.name); });
  py::class_<Connector>(module, "Connector", "What serves the addresses of some schemes.")
      .def_readonly("name", &Connector::name)
      .def_readonly("schemes", &Connector::schemes)
      .def_readonly("summary", &Connector::summary)
      .def_property_readonly("reads", [](const Connector& connector) { return connector.make_source != nullptr; })
      .def_property_readonly("writes", [](const Connector& connector) { return connector.make_sink != nullptr; })
      .def_property_readonly("lists_tables",
                             [](const Connector& connector) { return connector.list_tables != nullptr; })
      .def_property_readonly("options",
                             [](const Connector& connector) {
                               return std::vector<OptionSpec>(connector.options.begin(), connector.options.end());
                             })
      .def("__repr__", [](const Connector& connector) { return show("Connector", connector.name); });
  py::class_<TableInfo>(module, "Table", "A table behind an address.")
      .def_readonly("database", &TableInfo::database)
      .def_readonly("name", &TableInfo::name)
      .def_readonly("engine", &TableInfo::engine)
      .def_readonly("rows", &TableInfo::rows)
      .def_readonly("bytes", &TableInfo::bytes)
      .def_readonly("comment", &TableInfo::comment)
      .def_readonly("sorting_key", &TableInfo::sorting_key, "Expressions in SQL.")
      .def_readonly("primary_key", &TableInfo::primary_key)
      .def_readonly("partition_key", &TableInfo::partition_key)
      .def("__repr__", [](const TableInfo& table) { return show("Table", table.database + "." + table.name); });
  py::class_<DatabaseInfo>(module, "Database", "A database behind an address.")
      .def_readonly("name", &DatabaseInfo::name)
      .def_readonly("engine", &DatabaseInfo::engine)
      .def_readonly("comment", &DatabaseInfo::comment)
      .def_readonly("tables", &DatabaseInfo::tables, "How many it has.")
      .def_readonly("rows", &DatabaseInfo::rows)
      .def_readonly("bytes", &DatabaseInfo::bytes)
      .def("__repr__", [](const DatabaseInfo& database) { return show("Database", database.name); });
  py::class_<ColumnInfo>(module, "Column", "A column of a table behind an address.")
      .def_readonly("database", &ColumnInfo::database)
      .def_readonly("table", &ColumnInfo::table)
      .def_readonly("name", &ColumnInfo::name)
      .def_readonly("type", &ColumnInfo::type)
      .def_readonly("default_kind", &ColumnInfo::default_kind)
      .def_readonly("default_expression", &ColumnInfo::default_expression)
      .def_readonly("comment", &ColumnInfo::comment)
      .def_readonly("codec", &ColumnInfo::codec)
      .def_readonly("in_sorting_key", &ColumnInfo::in_sorting_key)
      .def_readonly("in_primary_key", &ColumnInfo::in_primary_key)
      .def_readonly("in_partition_key", &ColumnInfo::in_partition_key)
      .def_readonly("bytes", &ColumnInfo::bytes, "As stored.")
      .def_readonly("unpacked_bytes", &ColumnInfo::unpacked_bytes, "Without compression.")
      .def("__repr__", [](const ColumnInfo& column) { return show("Column", column.name + " " + column.type); });
  const auto none = py::none();
  module.def("databases", &databases_of, "uri"_a, py::kw_only(), "options"_a = none,
             "Lists the databases behind an address.");
  module.def("columns", &columns_of, "uri"_a, py::kw_only(), "options"_a = none,
             "Lists the columns of the table that an address names, or of every table of its database.");
  module.def("tables", &tables_of, "uri"_a, py::kw_only(), "options"_a = none, "Lists the tables behind an address.");
  module.def("connectors", [] { return builtins().connectors(); }, "Lists the connectors and their options.");
}

}  // namespace flatbed::python
