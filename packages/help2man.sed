# SPDX-License-Identifier: Apache-2.0
# From what --help shows to what help2man takes for options, sections and examples.
s/^  (-.),--/  \1, --/
s/^Positionals:/*Arguments*/
s/^Exit codes:/*Exit status*/
/^Examples:/,/^$/ {
  :join
  /\\$/ {
    N
    s/ *\\\n +/ /
    b join
  }
  s/^  /  $ /
}
