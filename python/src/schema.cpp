#include "arrow.hpp"
#include "bindings.hpp"
#include "columns/format.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

py::list names_of(const Schema& schema) {
  py::list names;
  for (const Field& field : schema.fields) names.append(field.name);
  return names;
}

py::object cell_of(const Column& column, size_t row) {
  if (column.is_null(row)) return py::none();
  std::string text;
  append_value(column, row, text);
  return shown(text);
}

py::list texts_of(const Batch& batch) {
  py::list rows;
  for (size_t row = 0; row < batch.rows(); ++row) {
    py::tuple cells(batch.columns().size());
    for (size_t i = 0; i < batch.columns().size(); ++i) {
      cells[i] = cell_of(batch.column(i), row);
    }
    rows.append(std::move(cells));
  }
  return rows;
}

Schema schema_of(const py::object& source, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(waiting_for([&](std::stop_token stop) { return discover(given.endpoint, given.registry, stop); }));
}

Batch preview_of(const py::object& source, size_t rows, const py::object& options) {
  const Given given = given_source(source, options);
  return value_of(
      waiting_for([&](std::stop_token stop) { return preview(given.endpoint, rows, given.registry, stop); }));
}

Profile profile_of(const py::object& source, const py::object& options, bool enums) {
  const Given given = given_source(source, options);
  return value_of(waiting_for(
      [&](std::stop_token stop) { return profile(given.endpoint, given.registry, {.enums = enums}, stop); }));
}

py::list list_of(const std::vector<std::string>& texts) {
  py::list list;
  for (const std::string& text : texts) list.append(shown(text));
  return list;
}

py::list steps_of(const Field& field) {
  py::list steps;
  if (!field.evidence) return steps;
  for (const auto& [line, value, type] : field.evidence->steps) steps.append(py::make_tuple(line, shown(value), type));
  return steps;
}

void bind_profile(py::module_& module) {
  py::class_<ColumnProfile>(module, "ColumnProfile", "What a whole pass finds in a column.")
      .def_property_readonly("name", [](const ColumnProfile& column) { return shown(column.field.name); })
      .def_property_readonly("type", [](const ColumnProfile& column) { return to_string(column.field.type); })
      .def_property_readonly(
          "steps", [](const ColumnProfile& column) { return steps_of(column.field); },
          "Each value that changed the type: its line, the value, the type from there on.")
      .def_property_readonly(
          "null_texts",
          [](const ColumnProfile& column) {
            return column.field.evidence ? list_of(column.field.evidence->nulls) : py::list();
          },
          "The texts that stood for NULL.")
      .def_readonly("nulls", &ColumnProfile::nulls)
      .def_property_readonly("min", [](const ColumnProfile& column) { return shown(column.min); })
      .def_property_readonly("max", [](const ColumnProfile& column) { return shown(column.max); })
      .def_readonly("distinct", &ColumnProfile::distinct)
      .def_readonly("distinct_is_exact", &ColumnProfile::distinct_is_exact, "Else an estimate.")
      .def_readonly("longest_bytes", &ColumnProfile::longest_bytes)
      .def_property_readonly("samples", [](const ColumnProfile& column) { return list_of(column.samples); })
      .def_property_readonly("proposed", [](const ColumnProfile& column) { return to_string(column.proposed); })
      .def_property_readonly("why", [](const ColumnProfile& column) { return shown(column.why); });
  py::class_<Profile>(module, "Profile", "What a whole pass over a source finds.")
      .def_readonly("rows", &Profile::rows)
      .def_readonly("rejected", &Profile::rejected)
      .def_readonly("columns", &Profile::columns)
      .def_property_readonly(
          "order_by", [](const Profile& profile) { return list_of(profile.order_by); }, "Columns for a sorting key.")
      .def_property_readonly("proposed", &Profile::proposed, "The schema of a table as it is proposed.")
      .def("to_json", [](const Profile& profile) { return to_json(profile); });
  module.def("profile", &profile_of, "source"_a, py::kw_only(), "options"_a = py::none(), "enums"_a = false,
             "Reads a source to its end and tells what is in its columns.");
}

}  // namespace

void bind_schema(py::module_& module) {
  py::class_<Field>(module, "Field", "A column's name and type.")
      .def_readonly("name", &Field::name)
      .def_property_readonly(
          "type", [](const Field& field) { return to_string(field.type); }, "The type as ClickHouse writes it.")
      .def_readonly("decided_by", &Field::decided_by, "Who chose the type.")
      .def("__repr__", [](const Field& field) { return show("Field", field.name + " " + to_string(field.type)); });
  py::class_<Schema>(module, "Schema", "The columns of a source, in order.")
      .def("__len__", &Schema::size)
      .def("__getitem__",
           [](const Schema& schema, py::ssize_t index) {
             const auto size = static_cast<py::ssize_t>(schema.size());
             if (index < -size || index >= size) throw py::index_error("no such column");
             return schema.fields[static_cast<size_t>(index < 0 ? index + size : index)];
           })
      .def("__iter__", [](const Schema& schema) { return py::iter(py::cast(schema.fields)); })
      .def_property_readonly("names", &names_of)
      .def(
          "ddl",
          [](const Schema& schema, const std::string& table, const py::object& order_by) {
            return create_table(
                schema, table,
                order_by.is_none() ? std::vector<std::string>() : order_by.cast<std::vector<std::string>>());
          },
          "table"_a, "order_by"_a = py::none(), "Returns the statement that creates a table for these columns.")
      .def("to_json", [](const Schema& schema) { return to_json(schema); })
      .def("__arrow_c_schema__", &schema_capsule)
      .def("__repr__", [](const Schema& schema) { return show("Schema", to_string(schema)); });
  py::class_<Batch>(module, "Batch", "Some rows of a schema, in Arrow's layout.")
      .def("__len__", &Batch::rows)
      .def_property_readonly("schema", [](const Batch& batch) { return batch.schema(); })
      .def_property_readonly("column_names", [](const Batch& batch) { return names_of(batch.schema()); })
      .def("texts", &texts_of, "Returns the rows as tuples of text, None for NULL.")
      .def("__arrow_c_schema__", [](const Batch& batch) { return schema_capsule(batch.schema()); })
      .def(
          "__arrow_c_array__", [](const Batch& batch, const py::object&) { return array_capsules(batch); },
          "requested_schema"_a = py::none());
  bind_profile(module);
  const auto none = py::none();
  module.def("schema", &schema_of, "source"_a, py::kw_only(), "options"_a = none,
             "Finds the columns of a source; those of a text file are inferred from every row.");
  module.def("preview", &preview_of, "source"_a, "rows"_a = 20, py::kw_only(), "options"_a = none,
             "Returns the first rows of a source.");
}

}  // namespace flatbed::python
