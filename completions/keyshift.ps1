# Completion of keyshift for PowerShell. Calls it with the words up to the cursor and evaluates none of them.
Register-ArgumentCompleter -Native -CommandName keyshift -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -le $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
        })
    # Older versions of PowerShell drop an empty word.
    $place = @(if ($wordToComplete -eq '') { '--new-word' })
    foreach ($line in @(keyshift complete @place '--' @words 2>$null)) {
        $value, $text = $line -split [char]9, 2
        if ($value -eq ':files' -or $value -eq ':folders') { return }
        if (-not $text) { $text = $value }
        # A name may contain characters that PowerShell would evaluate.
        $written = if ($value -match '[^\w/:.=+-]') { "'" + $value.Replace("'", "''") + "'" } else { $value }
        [System.Management.Automation.CompletionResult]::new($written, $value, 'ParameterValue', $text)
    }
}
