# Completion of keyshift for fish. Calls it with the words up to the cursor and evaluates none of them.
function __keyshift_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -e words[1]
    set -l found (keyshift complete -- $words "$current" 2>/dev/null)
    switch "$found[1]"
        case :files
            __keyshift_paths "$current" __fish_complete_path
        case :folders
            __keyshift_paths "$current" __fish_complete_directories
        case '*'
            printf '%s\n' $found
    end
end
function __keyshift_paths
    set -l lead (string match -r -- '^--[^=]*=' $argv[1])
    for path in ($argv[2] (string replace -r -- '^--[^=]*=' '' $argv[1]))
        printf '%s\n' "$lead$path"
    end
end
complete -c keyshift -f -a '(__keyshift_complete)'
