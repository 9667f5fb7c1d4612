//! What does not parse is found, and what parses is let pass.

use code_generator::files::File;
use code_generator::sound::fault;

fn fault_of(name: &str, content: &str) -> Option<String> {
    fault(&File { name: name.to_owned(), language: String::new(), content: content.to_owned() })
}

#[test]
fn what_does_not_close_is_found_with_its_line() {
    for (name, content, found) in [
        ("a.rs", "fn a() {\n    b(\n}\n", "`(` of line 2 is not closed before `}` in line 3"),
        ("a.rs", "fn a() {\n    if b {\n    }\n", "`{` of line 1 is never closed"),
        ("a.rs", "/* a /* b */\nfn a() {}\n", "the comment of line 1 is never closed"),
        ("a.rs", "let a = \"b;\n}\n", "the text of line 1 is never closed"),
        ("a.rs", "let a = r#\"b\";\n", "the text of line 1 is never closed"),
        ("a.rs", "fn a() {}\n}\n", "`}` in line 2 closes nothing"),
        ("a.js", "const a = `b ${c(`d`;\n", "`(` of line 1 is never closed"),
        ("a.js", "const a = 'b\n';\n", "the text of line 1 is never closed"),
        (
            "a.ts",
            "export function a(): void {\n  b([1, 2);\n",
            "`[` of line 2 is not closed before `)` in line 2",
        ),
        ("a.py", "def a():\n    return b(\n", "`(` of line 2 is never closed"),
        ("a.py", "\"\"\"Doc.\n\ndef a(): pass\n", "the text of line 1 is never closed"),
        ("a.go", "func a() {\n\tb(`c)\n}\n", "the text of line 2 is never closed"),
        ("A.java", "class A {\n  void a() {\n  }\n", "`{` of line 1 is never closed"),
        ("a.c", "int main(void) {\n  return 0;\n", "`{` of line 1 is never closed"),
        ("a.css", "p { color: red;\n", "`{` of line 1 is never closed"),
        ("a.json", "{\"a\": [1, 2}\n", "expected `,` or `]` at line 1 column 12"),
        ("a.json", "{\"a\": 1,\n  // the rest as before\n}\n", "key must be a string at line 2 column 3"),
    ] {
        assert_eq!(fault_of(name, content).as_deref(), Some(found), "{name}: {content:?}");
    }
}

#[test]
fn brackets_in_texts_and_comments_are_none() {
    for (name, content) in [
        (
            "a.rs",
            "#![expect(\n    missing_docs\n)]\nfn a<'a>(b: &'a str) -> char { '{' }\nconst B: u8 = b'\\'';\n",
        ),
        ("a.rs", "const A: &str = r#\"{\"(\"#; // {\nlet b = '\\u{7b}';\n/* /* { */ ( */\n"),
        ("a.js", "#!/usr/bin/env node\nconst a = /[/({]/.test(b) ? '{' : `(${c ? `{${d}` : '}'})`;\n"),
        ("a.js", "const half = (a + b) / 2; // (\nreturn /\\(/g;\n"),
        ("a.js", "export const A = () => <p>Don't {a} :( </p>;\n"),
        ("a.ts", "const a = <T,>(b: Array<T>): T => b[0]!;\n"),
        ("a.py", "a = '('  # (\nb = r'\\'[0]'\nc = f\"{d['{']}\"\ne = '''\n({[\n'''\n"),
        ("a.go", "var a = `{\\`\nvar b = '{'\nvar c = \"\\\"{\"\n"),
        ("A.java", "class A { String a = \"\"\"\n  { \" (\n  \"\"\"; char b = '('; }\n"),
        (
            "a.c",
            "#define BEGIN {\n#define TWO \\\n  (\nint a = 1'000'000; char b = '{'; const char *c = \"\\\"(\";\n",
        ),
        ("a.cpp", "auto a = R\"x(()\" {)x\";\n"),
        ("a.h", "#ifdef A\nvoid a(void) {\n#else\nvoid b(void) {\n#endif\n}\n"),
        ("a.css", ".w-\\[10px\\] { background: url(data:image/png;base64,a'b); content: '{'; } /* { */\n"),
        ("a.html", "<p>Don't {"),
        ("a.sh", "case $a in b) echo '(' ;; esac\n"),
        ("README.md", "It's (not code"),
        ("Makefile", "a: $(B"),
        ("a.json", "{\"a\": [1, 2]}\n"),
        ("tsconfig.base.json", "{ // comments are usual here\n}\n"),
        (".vscode/settings.json", "{ /* and here */ }\n"),
    ] {
        assert_eq!(fault_of(name, content), None, "{name}: {content:?}");
    }
}
