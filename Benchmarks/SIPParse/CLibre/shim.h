#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <re.h>
