# SPDX-License-Identifier: ISC
# Completion for bash. Every word comes from the program itself.

_sockctl_kind()
{
	case $1 in
	file) compgen -f -- "$2" ;;
	host) compgen -A hostname -- "$2" ;;
	interface) compgen -W "$(cd /sys/class/net && echo *)" -- "$2" ;;
	esac
}

_sockctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command=() words kind line

	# "--option=value" is three words to bash.
	if [[ $cur == "=" ]]; then
		cur=
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if ((COMP_CWORD > 1)); then
		command=("${COMP_WORDS[1]}" "$prev")
	fi
	COMPREPLY=()
	words=
	while IFS= read -r line; do
		if [[ $line == :* ]]; then
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(_sockctl_kind "${line#:}" "$cur")
		else
			words+=${line%%$'\t'*}$'\n'
		fi
	done < <(sockctl help --words "${command[@]}" 2>/dev/null)
	mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$words" -- "$cur")
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace
	fi
}

complete -F _sockctl sockctl
