/* What the C tests share: a check that says where it failed, and files in the folder they are given. */
#ifndef FLATBED_TESTS_CHECK_H
#define FLATBED_TESTS_CHECK_H

#include <flatbed.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;
static const char* folder = ".";

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                             \
    }                                                                         \
  } while (0)

#define CHECK_TEXT(found, wanted)                                                                                 \
  do {                                                                                                            \
    const char* found_ = (found);                                                                                 \
    const char* wanted_ = (wanted);                                                                               \
    if (found_ == NULL || strcmp(found_, wanted_) != 0) {                                                         \
      fprintf(stderr, "%s:%d: found \"%s\", wanted \"%s\"\n", __FILE__, __LINE__, found_ ? found_ : "", wanted_); \
      ++failures;                                                                                                 \
    }                                                                                                             \
  } while (0)

/* Checks that a call worked; tells its error when it did not. */
#define CHECK_OK(call)                                                                                    \
  do {                                                                                                    \
    flatbed_error* error = NULL;                                                                          \
    if ((call) != FLATBED_OK) {                                                                           \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, error ? flatbed_error_text(error) : "no error"); \
      ++failures;                                                                                         \
    }                                                                                                     \
    flatbed_error_free(error);                                                                            \
  } while (0)

/* Returns a path in the test's folder; the text lives until the sixteenth call after. */
static inline const char* in_folder(const char* name) {
  static char paths[16][1024];
  static int next = 0;
  char* path = paths[next++ % 16];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline const char* write_file(const char* name, const char* text) {
  const char* path = in_folder(name);
  FILE* file = fopen(path, "wb");
  if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
    perror(path);
    exit(1);
  }
  return path;
}

/* Returns what a file holds, up to 64 KiB; the text lives until the next call. */
static inline const char* read_file(const char* path) {
  static char text[65536];
  size_t size = 0;
  FILE* file = fopen(path, "rb");
  if (file != NULL) {
    size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
  }
  text[size] = '\0';
  return text;
}

#endif
