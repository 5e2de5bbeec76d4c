/* Makes the n-th system call of a kind fail: a program that was started with LD_PRELOAD=failing_calls.so calls
 * fail_at("write", 7, ENOSPC). With 0 for the errno the call is cut short by half instead. fail_happened() tells
 * whether it came to that, and fail_at("", 0, 0) lets every call pass. Standard streams do not count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_long left;
static atomic_int happened;
static char wanted[16];
static int failure;

void fail_at(const char* kind, long at, int with) {
  left = 0;
  snprintf(wanted, sizeof wanted, "%s", kind);
  failure = with;
  happened = 0;
  left = at;
}
int fail_happened(void) {
  return happened;
}

/* 1: this is the call that fails. */
static int fails(const char* kind) {
  if (left <= 0 || strcmp(wanted, kind) != 0 || atomic_fetch_sub(&left, 1) != 1) return 0;
  happened = 1;
  errno = failure;
  return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t read(int file, void* to, size_t size) {
  if (fails("read")) {
    if (errno != 0) return -1;
    size = (size + 1) / 2;
  }
  return REAL(read)(file, to, size);
}
ssize_t pread64(int file, void* to, size_t size, off64_t at) {
  if (fails("read")) {
    if (errno != 0) return -1;
    size = (size + 1) / 2;
  }
  return REAL(pread64)(file, to, size, at);
}
ssize_t pread(int file, void* to, size_t size, off_t at) {
  return pread64(file, to, size, at);
}
ssize_t recv(int file, void* to, size_t size, int flags) {
  if (fails("read")) {
    if (errno != 0) return -1;
    size = (size + 1) / 2;
  }
  return REAL(recv)(file, to, size, flags);
}
ssize_t write(int file, const void* from, size_t size) {
  if (file > 2 && fails("write")) {
    if (errno != 0) return -1;
    size = (size + 1) / 2;
  }
  return REAL(write)(file, from, size);
}
ssize_t pwrite64(int file, const void* from, size_t size, off64_t at) {
  if (fails("write")) {
    if (errno != 0) return -1;
    size = (size + 1) / 2;
  }
  return REAL(pwrite64)(file, from, size, at);
}
ssize_t pwrite(int file, const void* from, size_t size, off_t at) {
  return pwrite64(file, from, size, at);
}
ssize_t send(int file, const void* from, size_t size, int flags) {
  if (fails("write")) {
    if (errno != 0) return -1;
    size = (size + 1) / 2;
  }
  return REAL(send)(file, from, size, flags);
}
int fsync(int file) {
  return fails("fsync") && errno != 0 ? -1 : REAL(fsync)(file);
}
int fdatasync(int file) {
  return fails("fsync") && errno != 0 ? -1 : REAL(fdatasync)(file);
}
int rename(const char* from, const char* to) {
  return fails("rename") && errno != 0 ? -1 : REAL(rename)(from, to);
}
int renameat2(int a, const char* from, int b, const char* to, unsigned flags) {
  return fails("rename") && errno != 0 ? -1 : REAL(renameat2)(a, from, b, to, flags);
}
int link(const char* from, const char* to) {
  return fails("rename") && errno != 0 ? -1 : REAL(link)(from, to);
}
int linkat(int a, const char* from, int b, const char* to, int flags) {
  return fails("rename") && errno != 0 ? -1 : REAL(linkat)(a, from, b, to, flags);
}
int connect(int file, const struct sockaddr* to, socklen_t size) {
  return fails("connect") && errno != 0 ? -1 : REAL(connect)(file, to, size);
}
