#include "calls.hpp"

#include "arrow.hpp"
#include "connect/file.hpp"
#include "pipeline/given.hpp"
#include "sheet.hpp"

namespace flatbed::python {

using namespace py::literals;

namespace {

py::dict record_of(const Error& error) {
  const Location& where = error.where;
  return py::dict("code"_a = code_name(error.code), "message"_a = shown(error.message), "uri"_a = shown(where.uri),
                  "byte"_a = where.byte, "line"_a = where.line, "record"_a = where.record, "column"_a = where.column,
                  "column_name"_a = shown(where.column_name), "expected"_a = shown(error.expected),
                  "found"_a = shown(error.found), "hint"_a = shown(error.hint), "raw"_a = py::bytes(error.raw),
                  "native_code"_a = error.native_code, "exit_code"_a = exit_code(error));
}

// A list of names as one text, quoted as the options of the library are.
std::string joined(const py::sequence& names) {
  std::string text;
  for (const py::handle name : names) {
    std::string quoted;
    for (const char c : py::cast<std::string>(name)) quoted += c == '"' ? "\"\"" : std::string(1, c);
    text += (text.empty() ? "\"" : ",\"") + quoted + "\"";
  }
  return text;
}

std::string option_text(const py::handle& value) {
  if (py::isinstance<py::str>(value)) return py::cast<std::string>(value);
  if (py::isinstance<py::bool_>(value)) return py::cast<bool>(value) ? "true" : "false";
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    return joined(py::reinterpret_borrow<py::sequence>(value));
  }
  if (py::hasattr(value, "__fspath__")) return py::cast<std::string>(py::str(value.attr("__fspath__")()));
  return py::cast<std::string>(py::str(value));
}

// A path or an address; names of files may be any bytes.
std::string address_of(const py::object& object) {
  return py::cast<std::string>(py::module_::import("os").attr("fsencode")(object));
}

// Makes a source of tokens of a callable. What it raises is not shown: it may hold a secret.
TokenSource python_tokens(py::object callable) {
  const std::shared_ptr<py::object> held(new py::object(std::move(callable)), [](py::object* object) {
    const py::gil_scoped_acquire acquired;
    delete object;
  });
  return [held]() -> Result<std::string> {
    const py::gil_scoped_acquire acquired;
    try {
      return py::cast<std::string>((*held)());
    } catch (py::error_already_set& raised) {
      return Error{.code = Code::kAuth,
                   .message = "the callback that makes tokens raised " +
                              py::cast<std::string>(py::str(raised.type().attr("__name__")))};
    } catch (const py::cast_error&) {
      return Error{.code = Code::kAuth, .message = "the callback that makes tokens did not return a str"};
    }
  };
}

bool makes_tokens(const py::handle& name, const py::handle& value) {
  return PyCallable_Check(value.ptr()) != 0 && py::cast<std::string>(name) == "token";
}

}  // namespace

py::str shown(std::string_view text) {
  PyObject* decoded = PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

py::object exception_of(const Error& error) {
  return py::module_::import("flatbed.errors").attr("_from_record")(shown(to_string(error)), record_of(error));
}

[[noreturn]] void raise(const Error& error) {
  const py::object exception = exception_of(error);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  throw py::error_already_set();
}

void look_up(const std::optional<Progress>& fresh, const py::object& progress) {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  if (fresh && !progress.is_none()) progress(*fresh);
}

Pairs option_pairs(const py::object& options) {
  Pairs pairs;
  if (options.is_none()) return pairs;
  for (const auto& [name, value] : py::dict(options)) {
    if (!value.is_none() && !makes_tokens(name, value)) pairs[py::cast<std::string>(name)] = option_text(value);
  }
  return pairs;
}

TokenSource token_source(const py::object& options) {
  if (options.is_none()) return {};
  for (const auto& [name, value] : py::dict(options)) {
    if (makes_tokens(name, value)) return python_tokens(py::reinterpret_borrow<py::object>(value));
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> name_pairs(const py::object& names) {
  std::vector<std::pair<std::string, std::string>> pairs;
  if (names.is_none()) return pairs;
  for (const auto& [from, to] : py::dict(names)) {
    pairs.emplace_back(py::cast<std::string>(from), py::cast<std::string>(to));
  }
  return pairs;
}

const Registry& builtins() {
  static const Registry registry = Registry::with_builtins();  // constant once made
  return registry;
}

std::pair<std::string_view, std::shared_ptr<const void>> bytes_of(const py::handle& object) {
  auto held = std::shared_ptr<Py_buffer>(new Py_buffer{}, [](Py_buffer* buffer) {
    const py::gil_scoped_acquire acquired;
    PyBuffer_Release(buffer);
    delete buffer;
  });
  if (PyObject_GetBuffer(object.ptr(), held.get(), PyBUF_SIMPLE) != 0) throw py::error_already_set();
  return {{static_cast<const char*>(held->buf), static_cast<size_t>(held->len)}, held};
}

Given given_source(const py::object& source, const py::object& options) {
  Given given;
  if (py::hasattr(source, "__flatbed_source__")) {
    give_sheet(source, given);
    return given;
  }
  given.endpoint.options = option_pairs(options);
  given.endpoint.tokens = token_source(options);
  if (py::hasattr(source, "__arrow_c_stream__")) {
    given.endpoint.uri = kGivenUri;
    check(given.registry.add(given_connector(source_of_stream(source))));
  } else if (py::hasattr(source, "__arrow_c_array__")) {
    Batch batch = batch_of_array(source);
    Schema schema = batch.schema();
    given.endpoint.uri = kGivenUri;
    check(given.registry.add(given_connector(memory_source(std::move(schema), {std::move(batch)}))));
  } else if (PyObject_CheckBuffer(source.ptr())) {
    auto [bytes, owner] = bytes_of(source);
    given.endpoint.uri = kBytesUri;
    check(given.registry.add(bytes_connector(bytes, std::move(owner))));
  } else {
    given.endpoint.uri = address_of(source);
    for (const char* ending : {".xlsx", ".xlsm"}) {
      if (!given.endpoint.uri.ends_with(ending) || value_of(parse_uri(given.endpoint.uri)).scheme != "file") continue;
      give_sheet(py::module_::import("flatbed.excel").attr("open_sheet")(source, options), given);
      given.endpoint.options.clear();
    }
  }
  return given;
}

py::object path_of(const py::object& path) {
  return path.is_none() ? path : py::module_::import("os").attr("fspath")(path);
}

Endpoint target_of(const py::object& target, const py::object& options) {
  return {.uri = address_of(target), .options = option_pairs(options), .tokens = token_source(options)};
}

}  // namespace flatbed::python
