/* The zero-copy reader through the C interface. */
#include "check.h"

static int field_is(const flatbed_csv_reader* reader, size_t index, const char* wanted) {
  size_t size = 0;
  const char* text = flatbed_csv_reader_field(reader, index, &size);
  return text != NULL && size == strlen(wanted) && memcmp(text, wanted, size) == 0;
}

static void reads_records(void) {
  const char* text = "name,amount\nann,1\n\"O\"\"Brien, \",\"\"\r\nend,3";
  flatbed_csv_reader* reader = NULL;
  int32_t more = 0;
  size_t fields = 0;
  CHECK_OK(flatbed_csv_reader_open_memory(text, strlen(text), NULL, &reader, &error));
  CHECK(flatbed_csv_reader_field(reader, 0, NULL) == NULL);
  CHECK_OK(flatbed_csv_reader_next(reader, &more, &fields, &error));
  CHECK_TEXT(flatbed_csv_reader_header(reader, 1), "amount");
  CHECK(flatbed_csv_reader_header(reader, 2) == NULL);
  CHECK(more == 1 && fields == 2);
  CHECK(field_is(reader, 0, "ann") && field_is(reader, 1, "1"));
  size_t size = 0;
  const char* first = flatbed_csv_reader_field(reader, 0, &size);
  CHECK(first == text + strlen("name,amount\n")); /* a view, not a copy */
  CHECK_OK(flatbed_csv_reader_next(reader, &more, &fields, &error));
  CHECK(more == 1 && field_is(reader, 0, "O\"Brien, ") && field_is(reader, 1, ""));
  CHECK(flatbed_csv_reader_quoted(reader, 0) == 1 && flatbed_csv_reader_quoted(reader, 1) == 1);
  CHECK(flatbed_csv_reader_field(reader, 2, NULL) == NULL);
  CHECK_OK(flatbed_csv_reader_next(reader, &more, &fields, &error));
  CHECK(more == 1 && field_is(reader, 1, "3") && flatbed_csv_reader_quoted(reader, 1) == 0);
  CHECK_OK(flatbed_csv_reader_next(reader, &more, &fields, &error));
  CHECK(more == 0 && fields == 0);
  CHECK_OK(flatbed_csv_reader_next(reader, &more, &fields, &error)); /* stays at the end */
  CHECK(more == 0);
  flatbed_csv_reader_free(reader);
}

static void takes_a_dialect(void) {
  const char* text = "1;'a;b'\n";
  flatbed_options* options = NULL;
  flatbed_csv_reader* reader = NULL;
  int32_t more = 0;
  size_t fields = 0;
  CHECK_OK(flatbed_options_new(&options, &error));
  CHECK_OK(flatbed_options_set(options, "delimiter", ";", &error));
  CHECK_OK(flatbed_options_set(options, "quote", "'", &error));
  CHECK_OK(flatbed_options_set(options, "header", "false", &error));
  CHECK_OK(flatbed_csv_reader_open_memory(text, strlen(text), options, &reader, &error));
  flatbed_options_free(options);
  CHECK_OK(flatbed_csv_reader_next(reader, &more, &fields, &error));
  CHECK(more == 1 && fields == 2 && field_is(reader, 1, "a;b"));
  CHECK(flatbed_csv_reader_header(reader, 0) == NULL);
  flatbed_csv_reader_free(reader);
}

static void takes_nothing(void) {
  flatbed_csv_reader* reader = NULL;
  int32_t more = 1;
  size_t fields = 7;
  CHECK_OK(flatbed_csv_reader_open_memory(NULL, 0, NULL, &reader, &error));
  CHECK_OK(flatbed_csv_reader_next(reader, &more, &fields, &error));
  CHECK(more == 0 && fields == 0);
  flatbed_csv_reader_free(reader);
  flatbed_csv_reader_free(NULL);
}

int main(void) {
  reads_records();
  takes_a_dialect();
  takes_nothing();
  return failures != 0;
}
