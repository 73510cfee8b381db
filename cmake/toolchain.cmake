# Warnings, sanitizers and the linker, the same for every target.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "Hearth is built with clang 19 (docs/adr/0001-engine.md): configure with a preset, "
                      "`cmake --preset release`, after tools/setup")
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wthread-safety -Werror
                    # Every field of an options struct has a default (CONTRIBUTING.md): leaving one out is the point.
                    -Wno-missing-designated-field-initializers
                    -fno-omit-frame-pointer -ffunction-sections)
add_link_options(-fuse-ld=lld -Wl,--gc-sections)

if(HEARTH_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(HEARTH_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(HEARTH_SANITIZE)
  message(FATAL_ERROR "HEARTH_SANITIZE=${HEARTH_SANITIZE}: address, thread or nothing")
endif()
if(HEARTH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
